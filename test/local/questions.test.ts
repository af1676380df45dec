import { CloudTrailClient, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { AttachUserPolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { SFNClient, StopExecutionCommand, UpdateStateMachineCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { actions } from '../../handlers/actions/catalog.ts';
import { questionDefinition } from '../../infra/question-definition.ts';
import type { AccessKey } from '../../local/account.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { isWaiting, type Question } from '../../playbooks/question.ts';
import { as, type Credentials, makeAttacker, type Stage } from '../../simulate/attack.ts';
import { answerAs, releaseAndRun } from './harness/approve.ts';
import { Desk, type Played } from './harness/desk.ts';
import { eventually } from './harness/eventually.ts';
import { ended, start } from './harness/executions.ts';
import { actionOn, section, theIncident, theSummary } from './harness/expectations.ts';
import { answerTo } from './harness/offender.ts';
import { assumeRole, makeRole } from './harness/roles.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';

let aws: TestAws;
let desk: Desk;
let stage: Stage;
/** An analyst with the policy that the deployment makes for those who answer. */
let analyst: AccessKey;
/** Somebody who may do much, but not answer. */
let colleague: AccessKey;

const administrator = () => new IAMClient(as(stage, stage.administrator));

// The trail is stopped here too, and what comes of it must not mix with what another file plays.
beforeAll(async () => {
  aws = await startTestAws();
  desk = await Desk.open('trail-tampering', aws.shared);
  stage = desk.stage();
  analyst = await makeAttacker(stage, `analyst-${stage.mark}`, ['sts:GetCallerIdentity']);
  colleague = await makeAttacker(stage, `colleague-${stage.mark}`, ['cloudformation:DescribeStacks', 'iam:List*']);
  await administrator().send(
    new AttachUserPolicyCommand({
      UserName: `analyst-${stage.mark}`,
      PolicyArn: `arn:aws:iam::${stage.account}:policy/cordon-approver`,
    }),
  );
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
});

/** A role that may stop the trail and answer questions, and credentials of it. */
async function roleOf(name: string): Promise<Credentials> {
  const role = `${name}-${stage.mark}`;
  await makeRole(stage, role, ['cloudtrail:*', 's3:*', 'execute-api:*', 'cloudformation:*']);
  const key = await makeAttacker(stage, `${name}-user-${stage.mark}`, ['sts:AssumeRole']);
  return assumeRole(stage, key, role, 'build-7');
}

/** The trail stopped by a role: what is to be done about its sessions is asked. */
async function stoppedBy(credentials: Credentials): Promise<Played> {
  return desk.play({
    stopsTrail: true,
    attack: () => new CloudTrailClient(as(stage, credentials)).send(new StopLoggingCommand({ Name: 'cordon' })),
  });
}

const refusal = async (sending: Promise<unknown>): Promise<string> => {
  try {
    await sending;
    return 'taken';
  } catch (error) {
    return (error as Error).message;
  }
};

const now = ({ id }: Incident) => desk.ledger.incident(id);
const questionOn = ({ questions }: Incident, key: string) => questions.find((one) => one.key === key) as Question;

describe('a role’s sessions that are proposed to be revoked', () => {
  let offender: Credentials;
  let played: Played;
  let key: string;
  beforeAll(async () => {
    offender = await roleOf('deployer');
    played = await stoppedBy(offender);
    key = actionOn(theIncident(played), 'revoke-role-sessions', `role deployer-${stage.mark}`).key;
  });

  it('row: guard: a question: says what to whom, why, what else it touches, the undo, the timeout and the commands', () => {
    const { id } = theIncident(played);
    const lines = section(theSummary(played), 'FOR YOU TO DECIDE').map((line) => line.trim());
    expect(lines[0]).toBe(
      `- revoke the role’s sessions from before now, role deployer-${stage.mark}: not done, because a person must decide`,
    );
    for (const word of ['why: ', 'now: ', 'also touches: ', 'undo: npx cordon undo ', 'if nobody answers by ']) {
      expect(lines.filter((line) => line.startsWith(word)).length, word).toBeGreaterThan(0);
    }
    expect(lines).toContain(`$ npx cordon approvals approve ${id} ${key} --note "..."`);
    expect(lines).toContain(`$ npx cordon approvals reject ${id} ${key} --note "..."`);
    expect(theSummary(played).body).not.toMatch(/https?:\/\//);
  });

  it('row: guard: the offender: is refused as an approver, though a policy lets them call', async () => {
    const { id } = theIncident(played);
    const said = await refusal(
      answerAs(desk, { answer: 'reject', incidentId: id, key, note: 'it was fine' }, offender),
    );
    expect(said).toContain(`is one of those whom incident ${id} is about`);
  });

  it('row: guard: somebody without the approver’s policy: is refused by AWS', async () => {
    const { id } = theIncident(played);
    const said = await refusal(answerAs(desk, { answer: 'approve', incidentId: id, key, note: 'go' }, colleague));
    expect(said).toContain('AWS does not let you answer');
    expect(said).toContain('cordon-approver');
  });

  it('row: guard: an approval by an analyst: the action is done and read back, with who, when and from where', async () => {
    // Prepare
    const incident = theIncident(played);
    const before = await answerTo(stage, offender);
    await new Promise((resolve) => setTimeout(resolve, 1_100 - (Date.now() % 1_000)));

    // Act
    await answerAs(desk, { answer: 'approve', incidentId: incident.id, key, note: 'not one of ours' }, analyst);
    const mail = await desk.mail(({ subject }) => subject.startsWith('[cordon] APPROVED AND DONE, read back'));
    const again = await refusal(answerAs(desk, { answer: 'approve', incidentId: incident.id, key, note: 'too' }));

    // Assess
    const by = `arn:aws:iam::${stage.account}:user/analyst-${stage.mark}`;
    const after = await now(incident);
    expect(actionOn(after, 'revoke-role-sessions', `role deployer-${stage.mark}`)).toMatchObject({
      status: 'verified',
      approvedBy: [by],
    });
    expect(questionOn(after, key)).toMatchObject({
      status: 'approved',
      answers: [{ answer: 'approve', by, from: '127.0.0.1', note: 'not one of ours' }],
    });
    expect([before, await answerTo(stage, offender)]).toEqual(['allowed', 'AccessDenied']);
    expect(mail.body).toContain(`approved by ${by}`);
    expect(mail.body).toContain('not one of ours');
    expect(again).toContain(`approved already, by ${by}`);
    expect(after.outcome).toBe('contained');
  });

  it('row: guard: the last manual step done: closes the incident that was handed over', async () => {
    const incident = await now(theIncident(played));
    const tasks = incident.questions.filter((one) => one.kind === 'task' && isWaiting(one));
    const notes = tasks.map((_, index) => `looked at it, ${index}`);

    for (const [index, task] of tasks.entries()) {
      const answer = index === 0 ? ('done' as const) : ('skip' as const);
      await answerAs(desk, { answer, incidentId: incident.id, key: task.key, note: notes[index] ?? '' }, analyst);
    }

    const closed = await eventually(
      'the incident closed',
      async () => {
        const found = await now(incident);
        return found.status === 'closed' ? found : undefined;
      },
      async () => JSON.stringify((await now(incident)).questions),
    );
    expect(incident.status).toBe('handed-over');
    expect(tasks.length).toBeGreaterThan(1);
    expect(
      closed.questions
        .filter(({ kind }) => kind === 'task')
        .map(({ status }) => status)
        .sort(),
    ).toEqual(['done', ...tasks.slice(1).map(() => 'skipped')].sort());
    const mail = await desk.mail(
      ({ subject, body }) => subject.startsWith('[cordon] CLOSED') && body.includes(incident.id),
    );
    for (const note of notes) expect(mail.body).toContain(note);
  });
});

describe('a proposal that is rejected', () => {
  it('row: guard: a rejection: nothing is done, and the incident says who decided so', async () => {
    const offender = await roleOf('nightly');
    const played = await stoppedBy(offender);
    const incident = theIncident(played);
    const { key } = actionOn(incident, 'revoke-role-sessions', `role nightly-${stage.mark}`);

    await answerAs(desk, { answer: 'reject', incidentId: incident.id, key, note: 'it was the drill' }, analyst);
    const mail = await desk.mail(
      ({ subject, body }) => subject.startsWith('[cordon] REJECTED') && body.includes(incident.id),
    );

    const after = await now(incident);
    expect(actionOn(after, 'revoke-role-sessions', `role nightly-${stage.mark}`).status).toBe('rejected');
    expect(await answerTo(stage, offender)).toBe('allowed');
    expect(mail.body).toContain('it was the drill');
  });
});

describe('a question that nobody answers', () => {
  it('row: guard: a question that nobody answers in time: reminder, escalation, nothing done, and a late answer still counts', async () => {
    // Prepare: the deployed machine with seconds in the place of hours, over the deployed functions.
    const offender = await roleOf('sleepy');
    const played = await stoppedBy(offender);
    const incident = theIncident(played);
    const { key } = actionOn(incident, 'revoke-role-sessions', `role sleepy-${stage.mark}`);
    const sfn = new SFNClient(as(stage, stage.administrator));
    const { topicArn } = desk.aws.deployment;
    const times = { remindAfter: 2 / 60, escalateAfter: 4 / 60, answerWithin: 6 / 60 };
    const arn = (unit: string) => `arn:aws:lambda:${stage.region}:${stage.account}:function:cordon-${unit}`;
    const stateMachineArn = `arn:aws:states:${stage.region}:${stage.account}:stateMachine:cordon-question`;
    const definition = JSON.stringify(questionDefinition(Object.keys(actions), times, arn, topicArn));
    await sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition }));

    // Only one execution waits for an answer: one of seconds takes the place of the one of hours.
    const executionArn = await vi.waitFor(async () => {
      const { execution } = await desk.ledger.questions.of(incident.id, key);
      return execution ?? expect.fail('nothing waits yet');
    }, 60_000);
    await sfn.send(new StopExecutionCommand({ executionArn }));

    // Act
    const input = JSON.stringify({ incidentId: incident.id, key, number: 1 });
    const { status } = await ended(sfn, await start(sfn, stateMachineArn, input));
    const left = await now(incident);
    const mails = await Promise.all(
      ['REMINDER', 'ESCALATED', 'TIMED OUT'].map((word) =>
        desk.mail(({ subject }) => subject.includes(word) && subject.includes(incident.id)),
      ),
    );
    const done = await releaseAndRun(
      desk,
      incident,
      actionOn(left, 'revoke-role-sessions', `role sleepy-${stage.mark}`),
    );

    // Assess
    expect(status).toBe('SUCCEEDED');
    expect(questionOn(left, key)).toMatchObject({ status: 'timed-out', stage: 'escalated', answers: [] });
    expect(actionOn(left, 'revoke-role-sessions', `role sleepy-${stage.mark}`).status).toBe('proposed');
    for (const mail of mails) expect(mail.body).toContain(`npx cordon approvals approve ${incident.id} ${key}`);
    expect(done.status).toBe('verified');
  });
});
