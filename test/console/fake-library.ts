import type { Change, Changed, Check, Identity, Library, Missing, Modes, Run } from '../../console/library.ts';
import { Ledger } from '../../handlers/incidents/ledger.ts';
import { playbookDefinition } from '../../infra/playbook-definition.ts';
import { detectionOf, responseOf } from '../../playbooks/catalog.ts';
import { momentsOf } from '../../playbooks/figures.ts';
import type { Incident } from '../../playbooks/incident.ts';
import type { Asked } from '../../playbooks/question.ts';
import { FakeTable } from '../handlers/fake-dynamodb.ts';

const ACCOUNT = '111122223333';

/** A library over the true ledger with a table in memory; Step Functions and the address for answers are played. */
export class FakeLibrary implements Library {
  readonly table = new FakeTable();
  readonly ledger: Ledger;
  /** What the clock says. */
  now = new Date('2026-05-01T03:30:00.000Z');
  who: Identity = {
    arn: `arn:aws:iam::${ACCOUNT}:user/alice`,
    account: ACCOUNT,
    region: 'us-east-1',
    prefix: 'cordon',
    mayAnswer: true,
  };
  runs: Run | Missing = { status: 'SUCCEEDED', steps: [], cut: false };
  deployedModes: Modes | Missing = { mode: 'auto', byDetection: { 'root-usage': 'monitor' }, packs: ['credentials'] };
  checks: Check[] = [];
  /** The changes that were asked for. */
  readonly changes: Change[] = [];
  /** What becomes of a change. */
  onChange: (change: Change) => Promise<Changed> = async () => ({ text: 'taken' });

  constructor() {
    this.table.pageSize = 1000;
    this.ledger = new Ledger(this.table.client, 'cordon-ledger', () => this.now);
  }

  /** Puts an incident with all that it has into the ledger, and asks `asked` about it. */
  async keep({ events, actions, questions, findings, ...head }: Incident, asked: Asked[] = []): Promise<void> {
    const execution = `arn:aws:states:us-east-1:${ACCOUNT}:execution:cordon-${detectionOf(head.detection).response}:x`;
    await this.ledger.open({ ...head, execution, ...momentsOf({ events, actions }) });
    for (const [order, event] of events.entries()) {
      await this.ledger.claimEvent(head.id, `${head.detection}-${head.id}`, event, { round: 0, order });
    }
    for (const action of actions) {
      const { at, ...planned } = action;
      this.table.items.set(JSON.stringify([`INCIDENT#${head.id}`, `ACTION#${action.key}`]), {
        ...{ pk: `INCIDENT#${head.id}`, sk: `ACTION#${action.key}`, at },
        ...planned,
      });
    }
    for (const question of asked) await this.ledger.questions.ask(head.id, question, 86_400_000);
  }

  identity = async () => this.who;
  page: Library['page'] = (filter, bounds) => this.ledger.page(filter, bounds);
  incident = async (id: string) => this.ledger.incident(id).catch(() => undefined);
  waiting = () => this.ledger.questions.waiting(200);
  run = async () => this.runs;
  modes = async () => this.deployedModes;
  canaries = () => this.ledger.canaries.last();
  health = async () => this.checks;

  async definition(execution: string): Promise<string> {
    const response = execution.split(':')[6]?.replace('cordon-', '') ?? '';
    const arn = (unit: string) => `arn:aws:lambda:us-east-1:${ACCOUNT}:function:cordon-${unit}`;
    return JSON.stringify(
      playbookDefinition(response, responseOf(response), arn, {
        topic: 'arn:aws:sns:us-east-1:111122223333:cordon-mails',
        bus: 'cordon-events',
        prefix: 'cordon',
      }),
    );
  }

  async change(change: Change): Promise<Changed> {
    this.changes.push(change);
    return this.onChange(change);
  }
}
