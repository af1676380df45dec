import { parseArgs } from 'node:util';
import { detectionOf, responseOf } from '../playbooks/catalog.ts';
import type { AnswerKind } from '../playbooks/question.ts';
import { summaryMail } from '../playbooks/report/report.ts';
import { dayAndClock, plain } from '../playbooks/report/words.ts';
import { Desk } from './desk.ts';
import { CliFailure, explain } from './failure.ts';
import { showRunbook } from './runbook.ts';

const USAGE = `Usage: npx cordon COMMAND [options]

  incidents list                   the newest incidents
  incidents show INCIDENT          one incident: what happened, what was done, what is left to do
  approvals list                   what waits for a decision
  approvals approve|reject INCIDENT KEY --note TEXT
  tasks list                       what is left to do by hand
  tasks done|skip INCIDENT KEY --note TEXT
  runbook [ID]                     what a playbook does and what is left to you; ID of a playbook, detection or incident
  undo INCIDENT ACTION             put back what an action changed; ACTION is the key that the report names

Options:
  --profile NAME, --region REGION  as the AWS CLI has them
  --prefix PREFIX                  the installation's prefix (cordon)
  --json                           for programs
  --reason TEXT, --force           undo: why; and also when the resource was changed since

Examples:
  npx cordon incidents show trail-tampering-20260501-030012-4f1a
  npx cordon undo trail-tampering-20260501-030012-4f1a disable-iam-user-3f9a1c --reason "was a drill"

Exit codes: 0 success, 1 failed or refused, 2 usage, 3 no credentials, installation or permission.`;

interface Command {
  positionals: string[];
  json: boolean;
  reason?: string;
  note?: string;
  force: boolean;
}

const say = (text: string): void => console.log(text);

async function listIncidents(desk: Desk, { json }: Command): Promise<void> {
  const heads = await desk.ledger.recent(50);
  if (json) return say(JSON.stringify(heads, null, 2));
  if (heads.length === 0) return say('No incidents.');
  const row = (...cells: string[]) =>
    cells
      .map((cell, index) => cell.padEnd([21, 9, 12, 14][index] ?? 0))
      .join(' ')
      .trimEnd();
  say(row('OPENED', 'SEVERITY', 'STATUS', 'OUTCOME', 'INCIDENT'));
  for (const head of heads) {
    say(row(dayAndClock(head.openedAt), head.severity, head.status, head.outcome ?? 'in progress', head.id));
  }
}

async function showIncident(desk: Desk, { positionals, json }: Command): Promise<void> {
  const id = positionals[2];
  if (!id) throw new CliFailure('usage', `incidents show needs the incident's id.\n${USAGE}`);
  const incident = await desk.ledger.incident(id);
  if (json) return say(JSON.stringify(incident, null, 2));
  const detection = detectionOf(incident.detection);
  say(`Status    ${incident.status}`);
  say(summaryMail(incident, detection, responseOf(detection.response)).text.trimEnd());
}

/** Answers a question: `approvals approve INCIDENT KEY --note TEXT` and the like. */
async function answer(desk: Desk, { positionals, note, json }: Command, kind: AnswerKind): Promise<void> {
  const [noun, verb, incidentId, key] = positionals;
  if (!incidentId || !key)
    throw new CliFailure('usage', `${noun} ${verb} needs the incident's id and the key.\n${USAGE}`);
  if (!note)
    throw new CliFailure('usage', `${noun} ${verb} needs a note, which the ledger keeps: --note "was a drill"`);
  const taken = await desk.answers.send({ answer: kind, incidentId, key, note });
  say(json ? JSON.stringify(taken) : plain(`${taken.what}: ${taken.status}.`));
}

async function listQuestions(desk: Desk, { positionals: [noun], json }: Command): Promise<void> {
  const kind = noun === 'approvals' ? 'approval' : 'task';
  const waiting = (await desk.ledger.questions.waiting(200)).filter((question) => question.kind === kind);
  if (json) return say(JSON.stringify(waiting, null, 2));
  if (waiting.length === 0) return say(`No open ${noun}.`);
  for (const { askedAt, incidentId, key, what } of waiting) {
    say(plain(`${dayAndClock(askedAt)} ${incidentId} ${key}: ${what}`));
  }
}

async function undo(desk: Desk, { positionals, reason, force, json }: Command): Promise<void> {
  const [, id, key] = positionals;
  if (!id || !key) throw new CliFailure('usage', `undo needs the incident's id and the action's key.\n${USAGE}`);
  if (!reason) throw new CliFailure('usage', 'undo needs a reason, which the ledger keeps: --reason "was a drill"');
  const status = await desk.undo(id, key, reason, force);
  say(json ? JSON.stringify({ incident: id, key, status }) : plain(`${key} of ${id} is ${status}.`));
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        profile: { type: 'string' },
        region: { type: 'string' },
        prefix: { type: 'string', default: 'cordon' },
        json: { type: 'boolean', default: false },
        reason: { type: 'string' },
        note: { type: 'string' },
        force: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new CliFailure('usage', `${error instanceof Error ? error.message : error}\n${USAGE}`, { cause: error });
  }
}

/** Runs one command line. @throws {CliFailure} */
export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parse(args);
  if (values.help || positionals.length === 0) return say(USAGE);
  if (positionals[0] === 'runbook') return say(showRunbook(positionals[1], values.json));
  if (values.profile) process.env.AWS_PROFILE = values.profile;
  const region = values.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (!region) throw new CliFailure('setup', 'No region: give --region, or set AWS_REGION.');
  const desk = new Desk({ prefix: values.prefix, region });
  const command = { ...values, positionals };
  try {
    const [noun, verb] = positionals;
    if (noun === 'incidents' && (verb === 'list' || verb === undefined)) await listIncidents(desk, command);
    else if (noun === 'incidents' && verb === 'show') await showIncident(desk, command);
    else if ((noun === 'approvals' || noun === 'tasks') && (verb === 'list' || verb === undefined))
      await listQuestions(desk, command);
    else if (noun === 'approvals' && (verb === 'approve' || verb === 'reject')) await answer(desk, command, verb);
    else if (noun === 'tasks' && (verb === 'done' || verb === 'skip')) await answer(desk, command, verb);
    else if (noun === 'undo') await undo(desk, command);
    else throw new CliFailure('usage', `There is no command "${positionals.join(' ')}".\n${USAGE}`);
  } catch (error) {
    throw explain(error, region);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CliFailure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
