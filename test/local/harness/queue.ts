import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** A message of a queue: its body as JSON, its attributes as texts. */
export interface QueueMessage {
  body: Record<string, unknown>;
  attributes: Record<string, string>;
}

/** Takes all messages out of a queue that are in it now. */
export async function drain(sqs: SQSClient, QueueName: string): Promise<QueueMessage[]> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
  const taken: QueueMessage[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
    );
    if (Messages.length === 0) return taken;
    for (const { Body = '{}', MessageAttributes = {}, ReceiptHandle } of Messages) {
      taken.push({ body: JSON.parse(Body), attributes: texts(MessageAttributes) });
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}

const texts = (attributes: Record<string, MessageAttributeValue>): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).map(([name, { StringValue = '' }]) => [name, StringValue]));
