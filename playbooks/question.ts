import { createHash } from 'node:crypto';
import { type Actor, actorOf } from './actor.ts';
import type { ActionRecord, Incident, ManualStep } from './incident.ts';
import { clock } from './report/words.ts';

/** What an analyst can answer. `approve` and `reject` settle an approval, `done` and `skip` a manual step. */
export const answerKinds = ['approve', 'reject', 'done', 'skip'] as const;
export type AnswerKind = (typeof answerKinds)[number];

/**
 * How a question stands. `timed-out`: nobody answered in time, which a late answer can still mend. `withdrawn`: what was
 * asked about is settled otherwise.
 */
export const questionStatuses = ['open', 'approved', 'rejected', 'done', 'skipped', 'timed-out', 'withdrawn'] as const;
export type QuestionStatus = (typeof questionStatuses)[number];

/** One answer, as it was given. */
export interface Answer {
  answer: AnswerKind;
  /** ARN of the authenticated caller. */
  by: string;
  /** The address it came from. */
  from: string;
  /** ISO time. */
  at: string;
  note: string;
}

/** Something that waits for an analyst: an action to approve, or a manual step to do. */
export interface Question {
  /** Unique in the incident: the action's key, or `task-3f9a1c`. */
  key: string;
  kind: 'approval' | 'task';
  /** Counts how often it was asked: an offender who does it again after a refusal is a new question. */
  number: number;
  status: QuestionStatus;
  /** What will be done to whom, or what is to be done: one sentence. */
  what: string;
  /** Why it is asked. */
  why: string[];
  /** The action that an approval sets off, by its id. */
  action?: string;
  /** What else it touches. */
  blastRadius?: string;
  /** How it is undone, or why it cannot be. */
  undo?: string;
  /** Exact commands that do it by hand. */
  commands: string[];
  onTimeout: 'nothing' | 'contain';
  /** Takes the approval of two different people. */
  twoPersons: boolean;
  /** How far nobody's answer has brought it. */
  stage: 'asked' | 'reminded' | 'escalated';
  /** Its place among all that the incident asks, as its response declares them. */
  order?: number;
  /** ISO times. */
  askedAt: string;
  timesOutAt: string;
  settledAt?: string;
  answers: Answer[];
}

/** What is asked, before it is known when and for how long. */
export type Asked = Omit<Question, 'number' | 'status' | 'stage' | 'askedAt' | 'timesOutAt' | 'settledAt' | 'answers'>;

/** The question whether to do a proposed action. `blastRadius` is the action's. */
export function approvalOf(action: ActionRecord, incident: Incident, blastRadius: string): Asked {
  return {
    key: action.key,
    kind: 'approval',
    what: `${action.title}, ${action.label}`,
    why: [...(action.reason ? [action.reason] : []), ...callsBehind(action, incident)],
    action: action.action,
    blastRadius,
    undo: action.irreversible
      ? `cannot be undone: ${action.irreversible}`
      : `npx cordon undo ${incident.id} ${action.key}`,
    commands: action.commands ?? [],
    // What cannot be taken back is never done because nobody was awake.
    onTimeout: action.irreversible ? 'nothing' : (action.onTimeout ?? 'nothing'),
    twoPersons: action.twoPersons ?? false,
  };
}

/** As many calls as a question names. */
const MOST_CALLS = 3;

function callsBehind({ because }: ActionRecord, { events }: Incident): string[] {
  const behind = events.filter(({ record }) => because.includes(record.eventID));
  const more = behind.length - MOST_CALLS;
  return [
    ...behind
      .slice(0, MOST_CALLS)
      .map(({ record, actor }) => `${clock(record.eventTime)} ${record.eventName ?? 'a call'} by ${actor.label}`),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

/** The manual step as a question. Its key follows from its id, or else from its text. */
export const taskOf = ({ id, what, commands = [] }: ManualStep): Asked => ({
  key: `task-${createHash('sha256')
    .update(id ?? what)
    .digest('hex')
    .slice(0, 6)}`,
  kind: 'task',
  what,
  why: [],
  commands,
  onTimeout: 'nothing',
  twoPersons: false,
});

/** Nobody has answered it yet; one that timed out can still be answered. */
export const isWaiting = ({ status, onTimeout }: Pick<Question, 'status' | 'onTimeout'>): boolean =>
  status === 'open' || (status === 'timed-out' && onTimeout === 'nothing');

/** The action that it asks about is to be done. */
export const isReleased = ({ status, onTimeout }: Pick<Question, 'status' | 'onTimeout'>): boolean =>
  status === 'approved' || (status === 'timed-out' && onTimeout === 'contain');

/** Whether an answer fits a kind of question. */
export const fits = (kind: Question['kind'], answer: AnswerKind): boolean =>
  (kind === 'approval') === (answer === 'approve' || answer === 'reject');

/** How a question stands after an answer; an approval that takes two people stays open after the first. */
export function afterAnswer(question: Pick<Question, 'twoPersons' | 'answers'>, answer: AnswerKind): QuestionStatus {
  if (answer === 'approve') return question.twoPersons && question.answers.length === 0 ? 'open' : 'approved';
  return ({ reject: 'rejected', done: 'done', skip: 'skipped' } as const)[answer];
}

/**
 * The person behind an ARN, as far as AWS can tell people apart: a user, or the session of an Identity Center role, which
 * AWS names after the person. Whoever assumes another role chooses the session's name, so a role counts as one person.
 */
export function personOf(arn: string): string {
  const [, role, session] = /:assumed-role\/([^/]+)\/(.+)$/.exec(arn) ?? [];
  if (role === undefined) return arn;
  const account = arn.split(':')[4];
  return role.startsWith('AWSReservedSSO_') ? `${account}:${role}/${session}` : `${account}:${role}`;
}

/** Why this caller may not answer, in words, or undefined: nobody decides about what they did themselves, or about themselves. */
export function partyTo(incident: Incident, caller: string): string | undefined {
  const actor = callerActor(caller, incident.account);
  const same = (other: Actor) => other.key === actor.key || (actor.kind === 'federated-user' && isMaker(actor, other));
  const party = incident.events.find(({ actor: other, verdict }) => verdict !== 'benign' && same(other));
  if (party) return `${party.actor.label} is one of those whom incident ${incident.id} is about`;
  const aimed = incident.actions.find(({ target }) => {
    const { user, role } = target as { user?: string; role?: string };
    return (user !== undefined && actor.key === `user:${user}`) || (role !== undefined && actor.name === role);
  });
  return aimed ? `${actor.label} is what ${aimed.title} is aimed at` : undefined;
}

const isMaker = (federated: Actor, other: Actor): boolean =>
  federated.issuer !== undefined && other.kind === 'iam-user' && other.name === federated.issuer.name;

/** The actor that a caller's ARN stands for, told apart as those of records are. */
function callerActor(arn: string, account: string): Actor {
  const accountId = arn.split(':')[4] ?? account;
  const resource = arn.split(':').slice(5).join(':');
  const type = /^assumed-role\//.test(resource)
    ? 'AssumedRole'
    : /^federated-user\//.test(resource)
      ? 'FederatedUser'
      : resource === 'root'
        ? 'Root'
        : 'IAMUser';
  return actorOf({ userIdentity: { type, arn, accountId } }, account);
}
