import { type AnyAction, actions } from '../../handlers/actions/catalog.ts';
import { investigations } from '../../handlers/investigations/catalog.ts';
import { roleName } from '../../infra/functions.ts';
import { playbookDefinition } from '../../infra/playbook-definition.ts';
import { questionDefinition } from '../../infra/question-definition.ts';
import { containUnit, investigateUnit, undoUnit, units } from '../../infra/units.ts';
import type { ActorKind } from '../../playbooks/actor.ts';
import { techniques, techniqueUrl } from '../../playbooks/attack-techniques.ts';
import { allDetections, responseOf } from '../../playbooks/catalog.ts';
import { type AnyDetection, amountWords } from '../../playbooks/detection.ts';
import { defaultOptions } from '../../playbooks/options.ts';
import { type PackId, packSetting } from '../../playbooks/packs.ts';
import { defaultQuestionTimes } from '../../playbooks/question-times.ts';
import { plural } from '../../playbooks/report/words.ts';
import type { Contain, Mode, Response } from '../../playbooks/response.ts';
import { callsOf, permissionRows } from './calls.ts';
import { diagramOf, failureWays } from './diagram.ts';
import { exerciseLines } from './exercise.ts';
import { manualLines } from './manual.ts';
import { anchor, block, code, codes, document, link, list, paragraph, sentence, table } from './markdown.ts';
import { filled } from './placeholders.ts';
import { type Specimen, specimens } from './specimen.ts';
import { patternLines, sampleLines } from './trigger.ts';

/** The first part of every name, where a deployment does not choose another. */
const PREFIX = 'cordon';

/** What a runbook is made of: one playbook, and what starts it. */
interface Subject {
  id: string;
  response: Response;
  /** By their ids. */
  detections: [string, AnyDetection][];
  specimens: Specimen[];
}

/** The ids of the detections that start a playbook. */
export const detectionsOf = (response: string): [string, AnyDetection][] =>
  Object.entries(allDetections).filter(([, detection]) => detection.response === response);

/**
 * The generated part of a playbook's runbook, as Markdown: all that its units declare.
 * @param headings of what was written by hand below it, to link to
 */
export function runbookOf(id: string, headings: string[] = []): string {
  const own = detectionsOf(id);
  const subject: Subject = {
    id,
    response: responseOf(id),
    detections: own,
    specimens: own.flatMap(([detection]) => specimens(detection)),
  };
  return document([
    `# ${subject.response.title}`,
    '',
    ...introduction(subject, headings),
    ...trigger(subject),
    ...course(subject),
    ...automatic(subject),
    ...byAnalyst(subject),
    ...undo(subject),
    ...actionSections(subject),
    ...tuning(subject),
    ...exerciseLines(own),
    ...references(subject),
  ]);
}

function introduction({ id, detections: own, response, specimens: from }: Subject, headings: string[]): string[] {
  const automatic = [...response.restore, ...response.contain.filter((one) => modesOf(one, from).has('auto'))];
  return [
    ...paragraph(
      ...packLine(own),
      `Playbook ${code(id)}, state machine ${code(`${PREFIX}-${id}`)}, started by ${startedBy(own)}.`,
      ...(headings.length > 0
        ? [`Written by hand, below: ${headings.map((heading) => link(heading, `#${anchor(heading)}`)).join(', ')}.`]
        : []),
    ),
    ...table(
      ['At night', ''],
      [
        ['Read the incident', code('npx cordon incidents show INCIDENT')],
        ['Happens by itself', automatic.map(({ action }) => actionLink(action)).join(', ') || 'nothing but reading'],
        [
          'Waits for a person',
          `${link('what is proposed', `#${anchor(DECIDE)}`)}, ${link('what is done by hand', `#${anchor(BY_HAND)}`)}`,
        ],
        ['Answer', `${code('npx cordon approvals list')}, ${code('npx cordon tasks list')}`],
        ['Take an action back', code('npx cordon undo INCIDENT ACTION --reason "WHY"')],
        ['Evidence', `${code('s3://EVIDENCE_BUCKET/incidents/INCIDENT')}; the mail has the address`],
      ],
    ),
    ...paragraph(
      'Words in capitals in commands stand for what only the incident knows; its mail has the commands filled in.',
    ),
  ];
}

/** The alarms, or the rules on findings, whose names are those of the detections. */
function startedBy(own: readonly [string, AnyDetection][]): string {
  const kind = own.every(([, { alarm }]) => alarm) ? 'alarm' : 'rule';
  return `the ${kind}${own.length === 1 ? '' : 's'} ${codes(own.map(([detection]) => `${PREFIX}-${detection}`))}`;
}

/** A playbook that only packs start is deployed with one of them. */
function packLine(own: readonly [string, AnyDetection][]): string[] {
  const from = [...new Set(own.map(([, { pack }]) => pack))];
  return from.every((pack): pack is PackId => pack !== undefined)
    ? [`Deployed with ${from.map((pack) => `the pack ${code(pack)} (${code(packSetting(pack))})`).join(' or ')} only.`]
    : [];
}

function trigger({ detections: own }: Subject): string[] {
  return [
    '## What sets it off, and why it matters',
    '',
    ...own.flatMap(([id, detection]) => [
      `### ${detection.title}`,
      '',
      ...paragraph(detection.why),
      ...paragraph(
        `Detection ${code(id)}, ${detection.pack ? `of the pack ${code(detection.pack)}, ` : ''}${severityWords(detection)}`,
      ),
      ...sampleLines(detection),
      ...patternLines(detection, PREFIX),
    ]),
  ];
}

const severityWords = ({ severity, alarm }: AnyDetection): string =>
  alarm
    ? `severity ${severity}. The alarm fires when ${amountWords(alarm, 'matching record')} or more come within ${plural(alarm.withinMinutes, 'minute')}.`
    : `severity that of the finding, ${severity} where it has none. The playbook starts with each finding.`;

function course({ id, response }: Subject): string[] {
  const machine = playbookDefinition(id, response, (unit) => unit, { topic: 'topic', bus: 'bus', prefix: PREFIX });
  return [
    '## The course of the playbook',
    '',
    ...paragraph(
      `Drawn from the state machine that is deployed. A call of a function that fails is tried again; the table below has what follows when it fails for good. ${link('The architecture', '../architecture.md#the-playbooks-states')} says what each step does.`,
    ),
    ...block('mermaid', diagramOf(machine)),
    ...table(
      ['When this fails for good', 'What follows'],
      failureWays(machine).map(({ states, follows }) => [states.join(', '), sentence(follows)]),
    ),
  ];
}

const AUTOMATIC = 'What runs by itself';
const DECIDE = 'What an analyst decides';
const BY_HAND = 'What an analyst does by hand';

/**
 * The modes in which an action comes up by the defaults: as declared, or as the specimens show where the incident
 * decides. None where only a setting asks for it.
 */
function modesOf({ mode }: Contain, from: Specimen[]): Set<Mode> {
  if (typeof mode !== 'function') return new Set([mode]);
  const shown = from.flatMap(({ incident }) =>
    incident.events.flatMap(({ actor }) => mode(incident, actor.key, defaultOptions) ?? []),
  );
  // What is done at once in one incident is left to a person in another.
  return new Set(shown.includes('auto') ? ['auto', 'approve'] : shown);
}

function automatic({ id, response, specimens: from }: Subject): string[] {
  const questions = response.investigate.map((one) => [code(one), investigations[one].asks]);
  const atOnce = response.contain.filter((one) => modesOf(one, from).has('auto'));
  const unit = units.find((one) => one.id === investigateUnit(id));
  return [
    `## ${AUTOMATIC}`,
    '',
    ...(response.restore.length > 0
      ? [
          ...paragraph(
            response.restore.some(({ mode }) => mode)
              ? `**Restore.** First, as far as the severity of the finding lets it (setting ${code('findingModes')}):`
              : '**Restore.** First, and without a question, since it holds nobody up:',
          ),
          ...table(
            ['Action', 'What it does', 'What else it touches'],
            response.restore.map(({ action }) => [actionLink(action), titleOf(action), blastOf(action)]),
          ),
        ]
      : []),
    ...paragraph('**Investigate.** These questions are asked; nothing is changed by them:'),
    ...table(['Question', 'What it finds out'], questions),
    ...paragraph(
      `They run with the role ${code(roleName(PREFIX, investigateUnit(id)))}, which may call ${codes(callsOf(unit?.permissions ?? []))}.`,
    ),
    ...(atOnce.length > 0
      ? [
          ...paragraph(
            `**Contain.** Against each offender, as far as the ${link('guard rails', '#false-positives-and-tuning')} let it:`,
          ),
          ...containTable(atOnce),
        ]
      : paragraph('**Contain.** Nothing is contained by itself: a person decides.')),
    ...paragraph(
      'Then it reads back what it changed, mails the summary, keeps the evidence, and looks again until the alarm is quiet.',
    ),
  ];
}

function byAnalyst(subject: Subject): string[] {
  const { contain } = subject.response;
  const proposed = contain.filter((one) => modesOf(one, subject.specimens).has('approve'));
  const bySetting = contain.filter((one) => modesOf(one, subject.specimens).size === 0);
  return [
    `## ${DECIDE}`,
    '',
    ...(proposed.length > 0
      ? [...paragraph('Proposed, and not done before a person decides:'), ...containTable(proposed)]
      : paragraph('Nothing by default. A mode or the cap turns what runs by itself into proposals.')),
    ...(bySetting.length > 0
      ? [...paragraph('Left out, unless a setting asks for it:'), ...containTable(bySetting)]
      : []),
    ...answering(subject),
    `## ${BY_HAND}`,
    '',
    ...paragraph('Each is a task that waits for its note. Say when it is done, or why it is not to be done:'),
    ...block('sh', [
      'npx cordon tasks list',
      'npx cordon tasks done INCIDENT KEY --note "WHAT YOU FOUND"',
      'npx cordon tasks skip INCIDENT KEY --note "WHY"',
    ]),
    ...manualLines(subject.specimens, subject.response),
  ];
}

/** How a proposal is answered, and what becomes of it meanwhile. */
function answering({ response }: Subject): string[] {
  const { remindAfter, escalateAfter, answerWithin } = defaultQuestionTimes;
  const actions = [...new Set(response.contain.map(({ action }) => action))];
  if (actions.length === 0) return [];
  const machine = questionDefinition(actions, defaultQuestionTimes, (unit) => unit, 'topic');
  return [
    ...paragraph(
      'The mail says what each would touch. Approving does it and reads it back; rejecting leaves things as they are:',
    ),
    ...block('sh', [
      'npx cordon approvals list',
      'npx cordon approvals approve INCIDENT KEY --note "WHY"',
      'npx cordon approvals reject INCIDENT KEY --note "WHY"',
    ]),
    ...paragraph(
      `By default you are reminded after ${duration(remindAfter)}, it is escalated after ${duration(escalateAfter)}, and after ${duration(answerWithin)} its time is up: nothing is done then, unless the proposal says so. It can still be answered.`,
    ),
    ...paragraph(
      `Meanwhile it waits in the state machine ${code(`${PREFIX}-question`)}, of which this shows the actions of this playbook:`,
    ),
    ...block('mermaid', diagramOf(machine)),
    ...paragraph(
      'What concerns a protected principal is withheld, and is a task as well: the mail says why; the commands are those of the action below.',
    ),
  ];
}

const duration = (minutes: number): string =>
  minutes % 60 === 0 ? plural(minutes / 60, 'hour') : plural(minutes, 'minute');

function containTable(contain: readonly Contain[]): string[] {
  return table(
    ['Action', 'Against', 'When', 'What else it touches'],
    contain.map((one) => [actionLink(one.action), againstWords(one), modeWords(one), blastOf(one.action)]),
  );
}

const kindWords: Record<ActorKind, string> = {
  root: 'root',
  'iam-user': 'IAM users',
  'assumed-role': 'roles',
  'identity-center-role': 'Identity Center roles',
  'federated-user': 'federated users (by the user who made their credentials)',
  'aws-service': 'AWS services',
  'other-account': 'principals of other accounts',
  'network-address': 'addresses',
  unknown: 'unknown principals',
};

function againstWords({ who, attempts, related }: Contain): string {
  const kinds = [who].flat();
  const everybody = kinds.length === Object.keys(kindWords).length;
  return [
    everybody ? 'whoever did it' : kinds.map((kind) => kindWords[kind]).join(' and '),
    ...(attempts ? ['also where all their calls were refused or failed'] : []),
    ...(related ? ['also where they only appear in related records'] : []),
  ].join('; ');
}

function modeWords({ mode, decided, twoPersons, onTimeout }: Contain): string {
  const setting = decided?.setting
    ? ` (setting ${code(decided.setting)}, ${defaultWords(defaultOptions[decided.setting])})`
    : '';
  const declared = mode === 'auto' ? 'at once' : mode === 'approve' ? 'proposed' : 'decided by the incident';
  return [
    decided ? `${decided.words}${setting}` : declared,
    ...(twoPersons ? ['takes the approval of two different people'] : []),
    ...(onTimeout?.(defaultOptions) === 'contain' ? ['done when nobody answers in time'] : []),
  ].join('; ');
}

const defaultWords = (value: string | Readonly<Record<string, string>> | undefined): string =>
  value === undefined
    ? 'not set by default'
    : `by default ${code(
        typeof value === 'string'
          ? value
          : Object.entries(value)
              .map((pair) => pair.join('='))
              .join(','),
      )}`;

function undo({ response }: Subject): string[] {
  const all = actionsOf(response);
  return [
    '## How to undo each action',
    '',
    ...block('sh', ['npx cordon incidents show INCIDENT', 'npx cordon undo INCIDENT ACTION --reason "WHY"']),
    ...paragraph(
      `ACTION is the key that the mail and the first command name, such as ${code(`${all[0] ?? 'start-logging'}-3f9a1c`)}. What was captured before the change is put back. Undo refuses what was changed since, and tells what it found; ${code('--force')} undoes it all the same. Undoing starts no new containment, is written down with your name, and is mailed.`,
    ),
    ...table(
      ['Action', 'Undo', 'With the role'],
      all.map((id) => {
        const irreversible = actions[id]?.irreversible;
        return irreversible
          ? [actionLink(id), `**Cannot be undone:** ${irreversible}`, 'none']
          : [
              actionLink(id),
              code(`npx cordon undo INCIDENT ${id}-XXXXXX --reason "WHY"`),
              code(roleName(PREFIX, undoUnit(id))),
            ];
      }),
    ),
  ];
}

/** The ids of a response's actions, in order. */
const actionsOf = ({ restore, contain }: Response): string[] => [
  ...new Set([...restore, ...contain].map(({ action }) => action)),
];

function actionSections(subject: Subject): string[] {
  return [
    '## The actions, their calls and permissions',
    '',
    ...paragraph(
      `Containing and undoing are functions of their own, each with a role that may do only what stands here, besides using the ledger and writing its log. ${link('All roles', '../permissions.md')}.`,
    ),
    ...actionsOf(subject.response).flatMap((id) => {
      const action = actions[id];
      return action ? actionSection(id, action, subject.specimens) : [];
    }),
  ];
}

function actionSection(id: string, action: AnyAction, from: Specimen[]): string[] {
  const commands = from
    .flatMap(({ incident }) => incident.actions)
    .find((record) => record.action === id && record.commands)?.commands;
  const roles: [string, string, AnyAction['permissions']['contain']][] = [
    ['contains', containUnit(id), action.permissions.contain],
    ...(action.irreversible ? [] : [['undoes', undoUnit(id), action.permissions.undo] as (typeof roles)[number]]),
  ];
  return [
    `### ${id}`,
    '',
    ...paragraph(`${sentence(action.title)} ${sentence(action.blastRadius)}`),
    ...(action.irreversible ? paragraph(`**Cannot be undone:** ${sentence(action.irreversible)}`) : []),
    ...table(
      ['', 'Role', 'May call', 'On'],
      roles.flatMap(([verb, unit, permissions]) =>
        permissionRows(permissions).map(({ calls, resources }, index) => [
          index === 0 ? verb : '',
          index === 0 ? code(roleName(PREFIX, unit)) : '',
          codes(calls),
          resources,
        ]),
      ),
    ),
    ...(commands ? [...paragraph('The same by hand:'), ...block('sh', commands.map(filled))] : []),
  ];
}

function tuning({ detections: own, response }: Subject): string[] {
  const settings = [...new Set(response.contain.flatMap(({ decided }) => decided?.setting ?? []))];
  const [[first] = ['ID']] = own;
  return [
    '## False positives and tuning',
    '',
    ...list([...new Set(own.flatMap(([, { falsePositives }]) => falsePositives))]),
    ...paragraph('Settings are given at every deployment, or stand in `cdk.json`:'),
    ...table(
      ['To', 'Give'],
      [
        ['propose what runs by itself', code(`-c modes=${first}=approve`)],
        ['change nothing, and say what would have been done', code(`-c modes=${first}=monitor`)],
        [
          'never contain somebody automatically',
          `${code("-c 'protected=arn:aws:iam::*:role/NAME'")}, or the tag ${code('cordon:protected=true')}`,
        ],
        ['do less by itself in an hour', code('-c cap=NUMBER')],
        ...settings.map((setting) => [
          `change when ${response.contain
            .filter(({ decided }) => decided?.setting === setting)
            .map(({ action }) => action)
            .join(' and ')} is done`,
          `${code(`-c ${setting}=VALUE`)}, ${defaultWords(defaultOptions[setting])}`,
        ]),
        [
          'call known records benign',
          `${code('suppressions')}, see ${link('the settings', '../../README.md#put-it-on-an-aws-account')}`,
        ],
      ],
    ),
  ];
}

function references({ detections: own }: Subject): string[] {
  const attack = [...new Set(own.flatMap(([, detection]) => detection.attack))];
  const named = new Map(own.flatMap(([, detection]) => detection.references).map((one) => [one.name, one]));
  return [
    '## ATT&CK, CIS and Security Hub',
    '',
    ...list([
      ...attack.map(
        (id) => `${link(`${id} ${techniques[id].name}`, techniqueUrl(id))} (${techniques[id].tactics.join(', ')})`,
      ),
      ...[...named.values()].map(({ name, url }) => link(name, url)),
    ]),
  ];
}

const actionLink = (id: string): string => link(code(id), `#${anchor(id)}`);
const titleOf = (id: string): string => actions[id]?.title ?? id;
const blastOf = (id: string): string => actions[id]?.blastRadius ?? '';
