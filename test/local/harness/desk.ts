import { randomBytes } from 'node:crypto';
import { CloudTrailClient, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { inject } from 'vitest';
import type { Head } from '../../../handlers/incidents/items.ts';
import { Ledger } from '../../../handlers/incidents/ledger.ts';
import { inWords } from '../../../local/executions.ts';
import { type Mail, type Mailbox, startMailbox } from '../../../local/mailbox.ts';
import { detectionOf } from '../../../playbooks/catalog.ts';
import type { CloudTrailRecord } from '../../../playbooks/cloudtrail.ts';
import type { Incident } from '../../../playbooks/incident.ts';
import type { Stage } from '../../../simulate/attack.ts';
import { statesOfAlarm } from './alarm-history.ts';
import { everythingSettled, withRecording } from './control.ts';
import { eventually } from './eventually.ts';
import { type Execution, ended, executionsOf, failedOnes } from './executions.ts';
import type { SharedAws } from './shared-aws.ts';

/** Everything that an attack came to, and nothing that came of another one. */
export interface Played {
  incidents: (Incident & Head)[];
  executions: Execution[];
  /** The states that the detection's alarm changed to, in order. */
  alarm: string[];
  /** The mails of this detection, oldest first. */
  mails: Mail[];
}

/** What is to be played. */
export interface Play {
  /** Makes the calls. */
  attack: () => Promise<unknown>;
  /** It stops the trail: no other file may need it, until it records again. */
  stopsTrail?: boolean;
}

/** The deployed product's names begin with it. */
const PREFIX = 'cordon';

/**
 * The clients of the SOC administrator, who looks at everything and changes nothing. What is looked at again and again goes
 * past the recorder, which would have to read all of it.
 */
function clientsOf({ endpoint, unrecorded, region, soc: credentials }: SharedAws) {
  const config = { endpoint, region, credentials };
  return {
    cloudTrail: new CloudTrailClient(config),
    cloudWatch: new CloudWatchClient(config),
    logs: new CloudWatchLogsClient(config),
    s3: new S3Client(config),
    sfn: new SFNClient({ ...config, endpoint: unrecorded }),
    sns: new SNSClient(config),
  };
}

/**
 * The SOC administrator's view of one detection. Its scenarios are played one after the other: while its alarm is in
 * ALARM, a further attack would join the incident that is open.
 */
export class Desk {
  readonly aws: SharedAws;
  readonly detection: string;
  /** ARN of the state machine that answers the detection. */
  readonly machine: string;
  readonly clients: ReturnType<typeof clientsOf>;
  readonly ledger: Ledger;
  readonly #mailbox: Mailbox;

  private constructor(detection: string, aws: SharedAws, mailbox: Mailbox) {
    this.aws = aws;
    this.detection = detection;
    this.machine = this.machineOf(detectionOf(detection).response);
    this.clients = clientsOf(aws);
    const { unrecorded, region, soc: credentials } = aws;
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint: unrecorded, region, credentials }));
    this.ledger = new Ledger(documents, aws.deployment.ledgerTable, () => new Date());
    this.#mailbox = mailbox;
  }

  /** Opens the desk, with a mailbox of its own that is subscribed to the product's mails. `aws`: the shared one unless told. */
  static async open(detection: string, aws = inject('localAws')): Promise<Desk> {
    const mailbox = await startMailbox({ endpoint: new URL(aws.endpoint) });
    const desk = new Desk(detection, aws, mailbox);
    await mailbox.subscribe(desk.clients.sns, aws.deployment.topicArn);
    return desk;
  }

  async close(): Promise<void> {
    await this.#mailbox.close();
    for (const client of Object.values(this.clients)) client.destroy();
  }

  /** ARN of a state machine of the product. */
  machineOf(name: string): string {
    return `arn:aws:states:${this.aws.region}:${this.aws.account}:stateMachine:${PREFIX}-${name}`;
  }

  /** Where an attack is played, with names of its own. */
  stage(): Stage & { unrecorded: string } {
    const { accountAdministrator: administrator, ...aws } = this.aws;
    return { ...aws, administrator, mark: randomBytes(3).toString('hex'), now: () => new Date() };
  }

  /** Plays an attack and waits until its playbook is done and all that it set off has ended. */
  async play(play: Play): Promise<Played> {
    const before = await this.#snapshot();
    await this.#carryOut(play);
    const incidents = await eventually(
      `an incident of ${this.detection} that its playbook is done with`,
      () => this.#doneSince(before),
      () => this.#explain(before),
    );
    const arns = await this.#executionsSince(before.executions);
    const executions = await Promise.all(arns.map((arn) => ended(this.clients.sfn, arn)));
    for (const { id, outcome } of incidents) {
      if (outcome !== 'duplicate') await this.#mailbox.waitFor((mail) => isSummary(mail, id));
    }
    return { incidents, executions, ...(await this.#sinceThen(before)) };
  }

  /** Makes calls that must set nothing off. Resolves, when everything about them is evaluated, to what they set off. */
  async playHarmless(calls: () => Promise<unknown>): Promise<Omit<Played, 'incidents' | 'executions'>> {
    const before = await this.#snapshot();
    await this.#carryOut({ attack: calls });
    return this.#sinceThen(before);
  }

  /** A file of an incident's evidence. */
  async evidence({ evidence }: Incident, name: string): Promise<string> {
    const { host: Bucket, pathname } = new URL(evidence);
    const object = await this.clients.s3.send(new GetObjectCommand({ Bucket, Key: `${pathname.slice(1)}/${name}` }));
    return (await object.Body?.transformToString()) ?? '';
  }

  /** The records that the trail delivered to its log group and that `wanted` accepts, as they stand there. */
  async delivered(wanted: (record: CloudTrailRecord) => boolean): Promise<CloudTrailRecord[]> {
    const records: CloudTrailRecord[] = [];
    let nextToken: string | undefined;
    do {
      const page = await this.clients.logs.send(
        new FilterLogEventsCommand({ logGroupName: `/${PREFIX}/trail`, nextToken }),
      );
      records.push(...(page.events ?? []).map(({ message = '' }) => JSON.parse(message) as CloudTrailRecord));
      nextToken = page.nextToken;
    } while (nextToken);
    return records.filter(wanted);
  }

  /** The first mail that `wanted` accepts; waits for it. */
  mail(wanted: (mail: Mail) => boolean): Promise<Mail> {
    return this.#mailbox.waitFor(wanted);
  }

  /** Every incident of the detection, whatever set it off, and every execution of its playbook. */
  async everything(): Promise<{ incidents: (Incident & Head)[]; executions: string[]; alarm: string[] }> {
    await everythingSettled(this.aws.control);
    const heads = await this.#heads();
    return {
      incidents: await Promise.all(heads.map(({ id }) => this.ledger.incident(id))),
      executions: await executionsOf(this.clients.sfn, this.machine),
      alarm: await statesOfAlarm(this.clients.cloudWatch, `${PREFIX}-${this.detection}`),
    };
  }

  async #carryOut({ attack, stopsTrail = false }: Play): Promise<void> {
    await withRecording(this.aws.control, stopsTrail, async () => {
      await attack();
      await everythingSettled(this.aws.control);
      if (stopsTrail) await this.trailRecords();
    });
  }

  /** Resolves when the trail records. */
  async trailRecords(): Promise<void> {
    await eventually(
      'the trail records again',
      async () => {
        const { IsLogging } = await this.clients.cloudTrail.send(new GetTrailStatusCommand({ Name: PREFIX }));
        return IsLogging || undefined;
      },
      () => this.#explain({ executions: [] }),
    );
  }

  async #snapshot() {
    return {
      incidents: (await this.#heads()).map(({ id }) => id),
      executions: await executionsOf(this.clients.sfn, this.machine),
      alarm: (await statesOfAlarm(this.clients.cloudWatch, `${PREFIX}-${this.detection}`)).length,
      mails: this.#mailbox.mails.length,
    };
  }

  async #sinceThen(before: { alarm: number; mails: number }) {
    const alarm = await statesOfAlarm(this.clients.cloudWatch, `${PREFIX}-${this.detection}`);
    const mails = this.#mailbox.mails.slice(before.mails).filter(({ subject }) => subject.includes(this.detection));
    return { alarm: alarm.slice(before.alarm), mails };
  }

  async #heads(): Promise<Head[]> {
    return (await this.ledger.recent(200)).filter(({ detection }) => detection === this.detection);
  }

  async #doneSince(before: { incidents: string[]; executions: string[] }): Promise<(Incident & Head)[] | undefined> {
    const failed = await failedOnes(this.clients.sfn, this.machine);
    // Waiting any longer would only hide why.
    if (failed.some((arn) => !before.executions.includes(arn)))
      throw new Error(`A playbook failed. ${await this.#explain(before)}`);
    const heads = (await this.#heads()).filter(({ id }) => !before.incidents.includes(id));
    if (heads.length === 0 || heads.some(({ status }) => status === 'open')) return undefined;
    return Promise.all(heads.map(({ id }) => this.ledger.incident(id)));
  }

  async #executionsSince(known: string[]): Promise<string[]> {
    return (await executionsOf(this.clients.sfn, this.machine)).filter((arn) => !known.includes(arn));
  }

  async #explain({ executions }: { executions: string[] }): Promise<string> {
    const { sfn, cloudWatch } = this.clients;
    const arns = await this.#executionsSince(executions);
    const words = await Promise.all(arns.map((arn) => inWords(sfn, arn)));
    const alarm = await statesOfAlarm(cloudWatch, `${PREFIX}-${this.detection}`);
    return `Executions: ${words.join('; ') || 'none'}. Alarm: ${alarm.join(', ') || 'no change'}.`;
  }
}

/** Whether a mail is the summary of an incident. */
export const isSummary = ({ body }: Mail, incident: string): boolean => body.includes(`\nIncident  ${incident}\n`);
