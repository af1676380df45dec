import * as z from 'zod';
import { severities } from '../detection.ts';
import { actionStatuses, outcomes } from '../incident.ts';
import { answerKinds, questionStatuses } from '../question.ts';

/** The version of the events' shape. Fields may be added under it; one that is renamed, removed or means something else raises it. */
export const SCHEMA_VERSION = '1';
/** The `source` of every event of an installation with the prefix `cordon`; another prefix is another source. */
export const sourceOf = (prefix: string): string => prefix;
/** The name of the event bus of an installation. */
export const busName = (prefix: string): string => `${prefix}-incidents`;

/** The most characters of a text in an event: EventBridge takes 256 KB for all entries of a call. */
export const MOST_TEXT = 500;
/** The most items of a list in an event. */
export const MOST_ITEMS = 20;

const text = z.string().max(MOST_TEXT);
const time = z.iso.datetime();

const incident = z
  .object({
    id: text.describe('Stays the same through all events of an incident.'),
    detection: text,
    title: text.describe('What the detection finds, in words.'),
    severity: z.enum(severities),
    status: z
      .enum(['open', 'handed-over', 'closed'])
      .describe("Whose turn it is: the playbook's, an analyst's, nobody's."),
    outcome: z.enum(outcomes).optional().describe('How it stands; absent until the first summary.'),
    account: text,
    region: text,
    openedAt: time,
    alarmAt: time,
    evidence: text.describe('Where report and records are kept: s3://bucket/prefix.'),
  })
  .meta({ id: 'Incident' });

const action = z
  .object({
    key: text.describe('Unique in the incident; what `cordon undo` takes.'),
    action: text,
    title: text.describe('What it does, in words.'),
    target: text.describe('What it acts on, in words.'),
    contains: z.boolean().describe('False for actions that only mark.'),
    status: z.enum(actionStatuses),
    at: time.optional().describe('Since when it has this status.'),
    reason: text.optional(),
    before: text.optional(),
    after: text.optional(),
    undoneBy: text.optional(),
  })
  .meta({ id: 'Action' });

const decision = z
  .object({
    key: text.describe("Unique in the incident; an approval has its action's."),
    number: z.int().min(1).describe('Counts how often it was asked.'),
    what: text.describe('What is asked, a sentence.'),
    status: z.enum(questionStatuses),
    until: time.describe('When it times out.'),
    twoPersons: z.boolean().describe('Takes the approval of two different people.'),
    commands: z.array(text).max(MOST_ITEMS).optional(),
    answer: z.enum(answerKinds).optional().describe('The last answer.'),
    by: text.optional().describe('ARN of who gave it.'),
    note: text.optional(),
  })
  .meta({ id: 'Decision' });

/**
 * A message as a Slack incoming webhook takes it.
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 * https://docs.slack.dev/reference/block-kit/blocks/header-block and .../section-block
 */
const slack = z
  .object({
    text: z.string().min(1).max(4000),
    blocks: z
      .array(
        z.discriminatedUnion('type', [
          z.object({
            type: z.literal('header'),
            text: z.object({ type: z.literal('plain_text'), text: z.string().min(1).max(150) }),
          }),
          z.object({
            type: z.literal('section'),
            text: z.object({
              type: z.literal('plain_text'),
              text: z.string().min(1).max(3000),
              emoji: z.literal(false),
            }),
          }),
        ]),
      )
      .min(1)
      .max(50),
    unfurl_links: z.literal(false),
    unfurl_media: z.literal(false),
  })
  .meta({ id: 'SlackMessage' });

/**
 * An event as PagerDuty's Events API v2 takes it, but for the routing key, which the connection adds.
 * https://developer.pagerduty.com/docs/events-api-v2-overview
 */
const pagerduty = z
  .discriminatedUnion('event_action', [
    z.object({
      event_action: z.literal('trigger'),
      dedup_key: z.string().min(1).max(255),
      client: z.string(),
      payload: z.object({
        summary: z.string().min(1).max(1024),
        source: z.string().min(1),
        severity: z.enum(['critical', 'error', 'warning', 'info']),
        timestamp: time,
        component: z.string().optional(),
        group: z.string(),
        class: z.string(),
        custom_details: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
      }),
    }),
    z.object({ event_action: z.enum(['acknowledge', 'resolve']), dedup_key: z.string().min(1).max(255) }),
  ])
  .meta({ id: 'PagerDutyEvent' });

const common = {
  schemaVersion: z.literal(SCHEMA_VERSION),
  id: text.describe('Equal in repeated deliveries of the same change, and in nothing else: deduplicate on it.'),
  at: time.describe('When the change happened.'),
  headline: text.describe('The change on one line of plain text.'),
  slack: slack.optional().describe('Ready for a Slack webhook; absent where a channel need not hear of it.'),
  pagerduty: pagerduty
    .optional()
    .describe('Ready for PagerDuty, but for the routing key; absent where it changes nothing.'),
};
const about = { ...common, incident };

const decisionSteps = ['Asked', 'Reminded', 'Escalated', 'Answered', 'Timed Out', 'Withdrawn'] as const;
/** How far a question to an analyst got. */
export type DecisionStep = (typeof decisionSteps)[number];

const asked = z.object({ ...about, decision });

/** The details of all events by their detail-types: the only declaration of what goes onto the bus. */
export const details = {
  'Incident Opened': z.object(about).describe('An alarm has opened an incident.'),
  'Incident Changed': z
    .object({
      ...about,
      round: z.int().min(0),
      target: text.describe('What it is about: a trail, a bucket, a user.'),
      offenders: z.array(text).max(MOST_ITEMS),
      open: z.array(text).max(MOST_ITEMS).describe('Why a person is still needed.'),
      actions: z.array(action).max(MOST_ITEMS),
      moreActions: z.int().min(0).describe('How many actions there are besides these.'),
    })
    .describe('A round of the playbook is done: how the incident stands.'),
  'Incident Handed Over': z.object(about).describe('The playbook has done its part, and an analyst must go on.'),
  'Incident Closed': z.object(about).describe('Nothing is left to do.'),
  'Action Changed': z
    .object({ ...about, action })
    .describe('An action was planned, held back, done, read back, failed or undone.'),
  'Approval Asked': asked.describe('An analyst is asked to approve an action.'),
  'Approval Reminded': asked.describe('Nobody has answered yet.'),
  'Approval Escalated': asked.describe('Nobody has answered: others are asked.'),
  'Approval Answered': asked.describe('Somebody has approved or rejected it.'),
  'Approval Timed Out': asked.describe('Nobody has answered in time.'),
  'Approval Withdrawn': asked.describe('It is settled otherwise.'),
  'Task Asked': asked.describe('An analyst is asked to do something by hand.'),
  'Task Reminded': asked.describe('Nobody has done it yet.'),
  'Task Escalated': asked.describe('Nobody has done it: others are asked.'),
  'Task Answered': asked.describe('Somebody has done or skipped it.'),
  'Task Timed Out': asked.describe('Nobody has done it in time.'),
  'Task Withdrawn': asked.describe('It is settled otherwise.'),
  'Playbook Failed': z
    .object({
      ...common,
      playbook: text,
      execution: text.describe("ARN of the state machine's execution."),
      account: text,
      region: text,
      startedBy: text.describe('The alarm, or the detection whose event came before it.'),
      incidentId: text.describe('Where it could be opened, its id; otherwise why there is none.'),
      cause: text,
    })
    .describe('A playbook could not go on. Put by Step Functions itself, which knows no more of the incident.'),
} as const satisfies Record<string, z.ZodType>;

/** The `detail-type` of an event. */
export type DetailType = keyof typeof details;
/** What an event says. */
export type Detail<T extends DetailType = DetailType> = z.infer<(typeof details)[T]>;
export type SlackMessage = z.infer<typeof slack>;
export type PagerDutyEvent = z.infer<typeof pagerduty>;
/** An action, as events have it. */
export type EventAction = z.infer<typeof action>;
/** A question to an analyst, as events have it. */
export type EventDecision = z.infer<typeof decision>;

/** The events of an incident, which functions publish: all but that of a failed playbook. */
type Announced = Exclude<DetailType, 'Playbook Failed'>;
/** An event that is to be published: what `handlers/announce.ts` puts onto the bus. */
export type Announcement = { [T in Announced]: { detailType: T; detail: Detail<T> } }[Announced];

const types = Object.keys(details) as DetailType[];

/** A whole event as EventBridge delivers it to targets. */
export type BusEvent = {
  [T in DetailType]: { 'detail-type': T; source: string; account: string; region: string; detail: Detail<T> };
}[DetailType];

/** The schema of a whole event. */
export const busEvent: z.ZodType<BusEvent> = z
  .discriminatedUnion(
    'detail-type',
    types.map((type) =>
      z.looseObject({
        version: z.literal('0'),
        id: z.string().describe('By EventBridge; another one where the same change is published again.'),
        source: z.string().describe('The prefix of the installation: cordon, unless the setting says otherwise.'),
        account: z.string(),
        time: z.string(),
        region: z.string(),
        resources: z.array(z.string()),
        'detail-type': z.literal(type),
        detail: details[type],
      }),
    ) as unknown as [z.ZodObject<{ 'detail-type': z.ZodLiteral<DetailType> }>],
  )
  .meta({ title: 'Events of cordon' }) as unknown as z.ZodType<BusEvent>;

/** The published JSON Schema of all events. https://json-schema.org/draft/2020-12 */
export const jsonSchema = (): object => z.toJSONSchema(busEvent, { io: 'input' });
