import { describe, expect, it } from 'vitest';
import { diagramOf, failureWays } from '../../docs/generate/diagram.ts';
import { manualLines } from '../../docs/generate/manual.ts';
import { filled, withPlaceholders } from '../../docs/generate/placeholders.ts';
import { runbookOf } from '../../docs/generate/runbook.ts';
import { specimens } from '../../docs/generate/specimen.ts';
import { actions } from '../../handlers/actions/catalog.ts';
import { playbookDefinition, type State, type StateMachine } from '../../infra/playbook-definition.ts';
import { allDetections, responses } from '../../playbooks/catalog.ts';
import { scenarios } from '../../simulate/catalog.ts';

const ids = Object.keys(responses);
const CHANNELS = { topic: 'topic', bus: 'bus', prefix: 'cordon' };

describe.each(Object.entries(responses))('the runbook of %s', (id, response) => {
  const text = runbookOf(id);
  const used = [...response.restore, ...response.contain].map(({ action }) => action);

  it('names everything that its units declare', () => {
    for (const action of used) {
      const unit = actions[action];
      expect(text).toContain(`### ${action}\n`);
      expect(text).toContain(unit?.blastRadius.slice(1));
      for (const { actions: calls } of [...(unit?.permissions.contain ?? []), ...(unit?.permissions.undo ?? [])]) {
        for (const call of calls) expect(text).toContain(`\`${call}\``);
      }
      if (unit?.irreversible) expect(text).toContain(unit.irreversible);
      else expect(text).toContain(`npx cordon undo INCIDENT ${action}-XXXXXX --reason "WHY"`);
    }
    for (const question of response.investigate) expect(text).toContain(`\`${question}\``);
    for (const [detection, { response: started, title, falsePositives, attack, references }] of Object.entries(
      allDetections,
    )) {
      if (started !== id) continue;
      for (const part of [
        `\`${detection}\``,
        title,
        ...falsePositives,
        ...attack,
        ...references.map(({ name }) => name),
      ])
        expect(text).toContain(part);
    }
  });

  it('names the scenarios that exercise it, each with its command, and says what none plays', () => {
    const [, exercise = ''] = /## How to exercise it\n([\s\S]*?)\n## /.exec(text) ?? [];
    for (const [detection, { response: started }] of Object.entries(allDetections)) {
      if (started !== id) continue;
      const played = scenarios.find((one) => one.detection === detection);
      if (played) {
        expect(exercise).toContain(`\nnpx cordon simulate ${detection}\n`);
        for (const line of [...played.plan, ...(played.notOnAws ?? [])]) expect(exercise).toContain(line.trim());
      } else {
        expect(exercise).toMatch(new RegExp(`No scenario plays[^\n]*\`${detection}\``));
      }
    }
  });

  it('holds no name of a sample in its commands', () => {
    const commands = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, lines]) => lines).join('');

    expect(commands).not.toMatch(/mallory|alice|111122223333|us-east-1|\breports\b|2026-/);
    expect(commands).toMatch(/npx cordon undo INCIDENT ACTION/);
  });
});

describe('the diagram', () => {
  it.each(ids)('of %s shows every step and every action, and leads from each to one that is there', (id) => {
    const response = responses[id];
    if (!response) throw new TypeError(id);

    const lines = diagramOf(playbookDefinition(id, response, (unit) => unit, CHANNELS)).map((line) => line.trim());

    const states = lines.flatMap((line) => /^state "(.+)" as (\w+)/.exec(line)?.slice(1) ?? []);
    const names = states.filter((_, index) => index % 2 === 1);
    expect(new Set(names).size).toBe(names.length);
    for (const line of lines.filter((one) => one.includes(' --> '))) {
      const [, from = '', to = ''] = /^(\S+) --> ([^\s:]+)(: [^:;#<>{}"]+)?$/.exec(line) ?? [];
      for (const end of [from, to]) if (end !== '[*]') expect(names, line).toContain(end);
    }
    for (const step of ['Claim', 'Collect', 'Investigate', 'Summarize', 'Settle', 'Close'])
      expect(states).toContain(step);
    for (const { action } of response.contain) expect(states).toContain(`verify ${action}`);
  });

  const task = (rest: object): State => ({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', ...rest });
  const machine: StateMachine = {
    Comment: 'asks somebody',
    QueryLanguage: 'JSONata',
    StartAt: 'Nothing yet',
    States: {
      'Nothing yet': { Type: 'Pass', Next: 'Ask' },
      Ask: task({
        Next: 'Approved?',
        Catch: [
          { ErrorEquals: ['States.Timeout'], Next: 'Escalate' },
          { ErrorEquals: ['States.ALL'], Next: 'Ask failed' },
        ],
      }),
      'Ask failed': task({ Next: 'Escalate' }),
      'Approved?': {
        Type: 'Choice',
        Choices: [{ Condition: '{% $states.input.approvals > 1 %}', Next: 'Do it' }],
        Default: 'Refused',
      },
      Refused: { Type: 'Fail' },
      'Do it': task({ End: true }),
      Escalate: task({ End: true }),
    },
  };

  it('takes choices and empty steps for ways, and shows errors that mean something', () => {
    expect(diagramOf(machine)).toEqual([
      'stateDiagram-v2',
      '  direction TB',
      '  state "Ask" as Ask',
      '  state "Do it" as Do_it',
      '  state "Escalate" as Escalate',
      '  [*] --> Ask',
      '  Ask --> Do_it: approvals over 1',
      '  Ask --> [*]: refused',
      '  Ask --> Escalate: no answer in time',
      '  Do_it --> [*]',
      '  Escalate --> [*]',
    ]);
  });

  it('leaves what catches every error to the table', () => {
    expect(failureWays(machine)).toEqual([
      { states: ['Ask'], follows: 'it is written down; the playbook goes on with Escalate' },
    ]);
  });
});

describe('specimens', () => {
  it('are of every kind of principal whose records the detection takes', () => {
    expect(specimens('root-usage').map(({ when }) => when)).toEqual(['root did it']);
    expect(specimens('trail-tampering').map(({ when }) => when)).toEqual(
      expect.arrayContaining(['an IAM user did it', 'a session of a role did it', 'restore-trail failed']),
    );
  });

  it('show what the default settings lead to, and what is left where an answer is off', () => {
    const statusOf = (when: string) =>
      specimens('s3-public-exposure')
        .find((specimen) => specimen.when === when)
        ?.incident.actions.map(({ action, status }) => `${action} ${status}`);

    expect(statusOf('an IAM user did it')).toEqual(
      expect.arrayContaining([
        'block-public-access verified',
        'disable-iam-user proposed',
        'remove-public-access proposed',
      ]),
    );
    expect(statusOf('block-public-access failed')).toContain('block-public-access failed');
    expect(statusOf('the setting removePublicAccess is off')?.join()).not.toContain('remove-public-access');
  });

  it('have placeholders for names, in texts that hold them as well, and nowhere else', () => {
    const record = {
      eventSource: 's3.amazonaws.com',
      eventName: 'PutBucketPolicy',
      userIdentity: { userName: 'reports' },
      requestParameters: { bucketName: 'reports', host: 'reports.s3.us-east-1.amazonaws.com', other: 'reports-2' },
    };

    const [sample] = withPlaceholders([{ name: 'policy', record }]);

    expect(sample?.record).toMatchObject({
      userIdentity: { userName: 'reports' },
      requestParameters: { bucketName: 'BUCKET', host: 'BUCKET.s3.us-east-1.amazonaws.com', other: 'reports-2' },
    });
    expect(filled('--region us-east-1 --account 111122223333')).toBe('--region REGION --account ACCOUNT');
  });
});

describe('the steps by hand', () => {
  it('are told once, under the first incident that has them', () => {
    const [usual, other] = specimens('trail-tampering');
    const incidents = usual && other ? [usual, other] : [];
    const byHand = [{ what: 'Look.', commands: ['look --account 111122223333'] }];

    const lines = manualLines(incidents, { byHand: () => byHand });

    expect(lines.filter((line) => line === '- Look.')).toHaveLength(1);
    expect(lines).toContain('  look --account ACCOUNT');
    expect(lines).toContain('**As a rule:**');
  });
});
