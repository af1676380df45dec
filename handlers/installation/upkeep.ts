import { DescribeContinuousBackupsCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { plural } from '../../playbooks/report/words.ts';
import { type Check, changed, type Finding, ok, orAllOk, todo } from './check.ts';
import { type Installation, ofType } from './installation.ts';
import { agrees, textOf } from './template.ts';

/** The stacks themselves: that their last deployment ended well. */
export const stackCheck: Check = {
  id: 'stacks',
  run: async ({ stacks }) =>
    Object.entries(stacks).map(([name, status]) =>
      /^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)
        ? ok(`${name} is deployed`)
        : todo(`${name} is ${status}`, `npx cdk deploy ${name}, once it is not under way any more`),
    ),
};

/** Who is told: each topic has somebody, and nobody who has not confirmed. */
export const mailCheck: Check = {
  id: 'mails',
  run: async (installation) => {
    const findings: Finding[] = [];
    for (const { physical: TopicArn } of ofType(installation, 'AWS::SNS::Topic')) {
      const { Subscriptions = [] } = await installation.reader
        .client(SNSClient)
        .send(new ListSubscriptionsByTopicCommand({ TopicArn }));
      const name = TopicArn.split(':').at(-1);
      const pending = Subscriptions.filter(({ SubscriptionArn = '' }) => !SubscriptionArn.startsWith('arn:'));
      const confirmed = Subscriptions.length - pending.length;
      for (const { Endpoint } of pending) {
        findings.push(
          todo(
            `${Endpoint} has not confirmed the subscription to ${name}, and is told nothing`,
            'Open the mail that SNS has sent and confirm; SNS sends it again with: ' +
              `aws sns subscribe --topic-arn ${TopicArn} --protocol email --notification-endpoint ${Endpoint}`,
          ),
        );
      }
      for (const address of addressesOf(TopicArn, installation)) {
        if (Subscriptions.some(({ Endpoint }) => Endpoint === address)) continue;
        findings.push(
          changed(
            { kind: 'subscription', name: TopicArn, service: 'sns' },
            `${address} IS NOT SUBSCRIBED to ${name} any more`,
            `aws sns subscribe --topic-arn ${TopicArn} --protocol email --notification-endpoint ${address}`,
          ),
        );
      }
      if (confirmed > 0) findings.push(ok(`${name} tells ${plural(confirmed, 'subscriber')}`));
      else {
        findings.push(
          todo(
            `${name} tells NOBODY`,
            `aws sns subscribe --topic-arn ${TopicArn} --protocol email --notification-endpoint soc@example.com`,
          ),
        );
      }
    }
    return findings;
  },
};

/** Whom the deployment has subscribed to a topic. */
const addressesOf = (topic: string, installation: Installation): string[] =>
  ofType(installation, 'AWS::SNS::Subscription')
    .filter(({ properties }) => agrees(properties.TopicArn, topic, installation.scope))
    .map(({ properties }) => textOf(properties.Endpoint, installation.scope));

/** The ledger: cannot be deleted by mistake, and can be put back to any second of the last weeks. */
export const ledgerCheck: Check = {
  id: 'ledger',
  run: async (installation) => {
    const client = installation.reader.client(DynamoDBClient);
    const wrong: Finding[] = [];
    const tables = ofType(installation, 'AWS::DynamoDB::Table');
    for (const { physical: TableName } of tables) {
      const { Table } = await client.send(new DescribeTableCommand({ TableName }));
      if (Table?.TableStatus !== 'ACTIVE') wrong.push(todo(`the table ${TableName} is ${Table?.TableStatus}`, 'Wait.'));
      if (!Table?.DeletionProtectionEnabled) {
        wrong.push(
          changed(
            { kind: 'ledger', name: TableName, service: 'dynamodb' },
            `the table ${TableName} can be deleted`,
            `aws dynamodb update-table --table-name ${TableName} --deletion-protection-enabled`,
          ),
        );
      }
      const { ContinuousBackupsDescription: backups } = await client.send(
        new DescribeContinuousBackupsCommand({ TableName }),
      );
      if (backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus !== 'ENABLED') {
        wrong.push(
          changed(
            { kind: 'ledger', name: TableName, service: 'dynamodb' },
            `the table ${TableName} has no point-in-time recovery`,
            `aws dynamodb update-continuous-backups --table-name ${TableName} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
          ),
        );
      }
    }
    return orAllOk(wrong, 'deletion protection and point-in-time recovery are on');
  },
};

/** Events that could start nothing. */
export const queueCheck: Check = {
  id: 'undelivered',
  run: async (installation) => {
    const wrong: Finding[] = [];
    const client = installation.reader.client(SQSClient);
    for (const { physical } of ofType(installation, 'AWS::SQS::Queue')) {
      const QueueName = physical.slice(physical.lastIndexOf('/') + 1);
      const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName }));
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
      );
      const count = Number(Attributes.ApproximateNumberOfMessages ?? 0);
      if (count > 0) {
        wrong.push(
          todo(
            `${plural(count, 'event')} in ${QueueName} could not be delivered: nobody has acted on them`,
            `aws sqs receive-message --queue-url ${QueueUrl} --max-number-of-messages 10 --attribute-names All --message-attribute-names All`,
          ),
        );
      }
    }
    return orAllOk(wrong, 'every event was delivered');
  },
};

/** What analysts have not answered for too long, and playbooks that do not come to an end. */
export const questionCheck: Check = {
  id: 'questions',
  run: async ({ reader }, now) => {
    const waiting = await reader.ledger.questions.waiting(1000);
    const late = waiting.filter(({ status, timesOutAt, stage }) => {
      return status === 'timed-out' || Date.parse(timesOutAt) < now.getTime() || stage === 'escalated';
    });
    if (late.length > 0) {
      return late.map(({ incidentId, key, kind, status, stage }) =>
        todo(
          `${incidentId} ${key} is ${status === 'timed-out' ? 'timed out' : stage}, and nobody has answered it`,
          `npx cordon ${kind === 'task' ? 'tasks' : 'approvals'} show ${incidentId} ${key}`,
        ),
      );
    }
    return [ok(waiting.length > 0 ? `${plural(waiting.length, 'question')} open, none overdue` : 'none open')];
  },
};
