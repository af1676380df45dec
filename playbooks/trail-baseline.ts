import * as z from 'zod';
import { selectorsLost } from './event-selectors.ts';

const structure = z.record(z.string(), z.unknown());

/** How a trail is set, as CloudTrail answers it. */
export const trailState = z.object({
  /** What CreateTrail and UpdateTrail take. */
  settings: z.object({
    bucket: z.string(),
    prefix: z.string().optional(),
    topic: z.string().optional(),
    globalEvents: z.boolean(),
    multiRegion: z.boolean(),
    organization: z.boolean(),
    validation: z.boolean(),
    /** ARNs. */
    logGroup: z.string().optional(),
    role: z.string().optional(),
    key: z.string().optional(),
  }),
  eventSelectors: z.array(structure),
  advancedEventSelectors: z.array(structure),
  /** Insights types, such as `ApiCallRateInsight`. */
  insights: z.array(z.string()),
  tags: z.record(z.string(), z.string()),
});
export type TrailState = z.infer<typeof trailState>;

/** A metric filter, as CloudWatch Logs answers it. */
export const metricFilter = z.object({ name: z.string(), pattern: z.string(), transformations: z.array(structure) });

/** The log group that a trail delivers to. */
export const logGroupState = z.object({
  /** Days; without it events never expire. */
  retention: z.number().optional(),
  key: z.string().optional(),
  filters: z.array(metricFilter),
});
export type LogGroupState = z.infer<typeof logGroupState>;

/** The bucket that a trail delivers to. */
export const logBucketState = z.object({
  policy: z.string().optional(),
  lifecycle: z.array(structure),
  versioning: z.string().optional(),
});
export type LogBucketState = z.infer<typeof logBucketState>;

/** The role that CloudTrail writes to the log group with. */
export const deliveryRoleState = z.object({
  trust: z.string(),
  inline: z.record(z.string(), z.string()),
  /** ARNs of managed policies. */
  attached: z.array(z.string()),
  /** ARN of its permissions boundary. */
  boundary: z.string().optional(),
});
export type DeliveryRoleState = z.infer<typeof deliveryRoleState>;

/** What a trail needs to deliver; a part that is absent is not used, or could not be read: another account's bucket. */
export const pipelineState = z.object({
  logGroup: logGroupState.optional(),
  bucket: logBucketState.optional(),
  role: deliveryRoleState.optional(),
  /** `Enabled`, `Disabled`, `PendingDeletion` and so on. */
  keyState: z.string().optional(),
});
export type PipelineState = z.infer<typeof pipelineState>;

/** A healthy trail with all that it depends on, as it was when it was taken. */
export const trailBaseline = z.object({
  /** ARN. */
  trail: z.string(),
  version: z.number().int().min(1),
  takenAt: z.iso.datetime(),
  /** Why it may differ from the version before. */
  because: z.string(),
  state: trailState,
  pipeline: pipelineState,
});
export type TrailBaseline = z.infer<typeof trailBaseline>;

/** The parts of a trail that can be told apart by the calls that change them. */
export type Part =
  | 'settings'
  | 'event selectors'
  | 'insights'
  | 'tags'
  | 'log group'
  | 'metric filters'
  | 'bucket'
  | 'role'
  | 'key';

/** One field that is not as in the baseline. */
export interface Difference {
  part: Part;
  field: string;
  /** "other regions: off instead of on". */
  words: string;
}

type Setting = keyof TrailState['settings'];

/** The settings as a person calls them. */
const SETTINGS: Record<Setting, string> = {
  bucket: 'bucket',
  prefix: 'prefix',
  topic: 'topic',
  globalEvents: 'events of global services',
  multiRegion: 'other regions',
  organization: 'other accounts of the organization',
  validation: 'log file validation',
  logGroup: 'log group',
  role: 'delivery role',
  key: 'key',
};

/**
 * In what a trail sees, or keeps, less than in its baseline. More than there is no difference: another selector, Insights turned on.
 * Wherever the records go or how they are encrypted, any change is one.
 */
export function trailLosses(baseline: TrailState, state: TrailState): Difference[] {
  const settings = (Object.keys(SETTINGS) as Setting[]).flatMap((field): Difference[] => {
    const [was, is] = [baseline.settings[field], state.settings[field]];
    if (was === is || (was === false && is === true)) return [];
    return [{ part: 'settings', field, words: `${SETTINGS[field]}: ${worded(is)} instead of ${worded(was)}` }];
  });
  // One kind at a time: putting advanced selectors takes the others away.
  const missing = [
    ...selectorsLost(baseline.eventSelectors, state.eventSelectors),
    ...selectorsLost(baseline.advancedEventSelectors, state.advancedEventSelectors),
  ];
  const tags = Object.keys(baseline.tags).filter((key) => state.tags[key] !== baseline.tags[key]);
  const insights = baseline.insights.filter((type) => !state.insights.includes(type));
  return [
    ...settings,
    ...(missing.length > 0
      ? [{ part: 'event selectors' as const, field: 'eventSelectors', words: selectorWords(state) }]
      : []),
    ...(insights.length > 0
      ? [{ part: 'insights' as const, field: 'insights', words: `Insights off: ${insights.join(', ')}` }]
      : []),
    ...(tags.length > 0
      ? [{ part: 'tags' as const, field: 'tags', words: `tags gone or changed: ${tags.join(', ')}` }]
      : []),
  ];
}

const selectorWords = ({ eventSelectors, advancedEventSelectors }: TrailState): string =>
  `event selectors take less: ${JSON.stringify([...eventSelectors, ...advancedEventSelectors])}`;

/** What of a log group is gone, shorter or other than in its baseline; undefined stands for a group that does not exist. */
export function logGroupLosses(baseline: LogGroupState, state: LogGroupState | undefined): Difference[] {
  if (!state) return [{ part: 'log group', field: 'exists', words: 'log group: deleted' }];
  const kept = (days: number | undefined) => (days === undefined ? 'for ever' : `${days} days`);
  const shorter = (state.retention ?? Number.POSITIVE_INFINITY) < (baseline.retention ?? Number.POSITIVE_INFINITY);
  const names = lostFilters(baseline, state).map(({ name }) => name);
  return [
    ...(shorter
      ? [
          {
            part: 'log group' as const,
            field: 'retention',
            words: `events kept ${kept(state.retention)} instead of ${kept(baseline.retention)}`,
          },
        ]
      : []),
    ...(state.key === baseline.key
      ? []
      : [
          {
            part: 'log group' as const,
            field: 'key',
            words: `key: ${worded(state.key)} instead of ${worded(baseline.key)}`,
          },
        ]),
    ...(names.length > 0
      ? [
          {
            part: 'metric filters' as const,
            field: 'filters',
            words: `metric filters gone or changed: ${names.join(', ')}`,
          },
        ]
      : []),
  ];
}

/** The metric filters of the baseline that are gone or changed. */
export const lostFilters = (baseline: LogGroupState, state: LogGroupState): LogGroupState['filters'] =>
  without(baseline.filters, state.filters);

/** What of a log bucket is other than in its baseline; undefined stands for a bucket that does not exist. */
export function logBucketLosses(baseline: LogBucketState, state: LogBucketState | undefined): Difference[] {
  const difference = (field: string, words: string): Difference => ({ part: 'bucket', field, words });
  if (!state) return [difference('exists', 'bucket: deleted')];
  return [
    ...(samePolicy(baseline.policy, state.policy)
      ? []
      : [difference('policy', `bucket policy: ${state.policy === undefined ? 'deleted' : 'changed'}`)]),
    ...(canonical(sorted(baseline.lifecycle)) === canonical(sorted(state.lifecycle))
      ? []
      : [difference('lifecycle', `lifecycle rules: ${state.lifecycle.length === 0 ? 'deleted' : 'changed'}`)]),
    ...(baseline.versioning === 'Enabled' && state.versioning !== 'Enabled'
      ? [difference('versioning', 'versioning: suspended')]
      : []),
  ];
}

/** In what a delivery role is other than in its baseline: whatever is added may deny as well as allow. Undefined: it is gone. */
export function deliveryRoleLosses(baseline: DeliveryRoleState, state: DeliveryRoleState | undefined): Difference[] {
  const difference = (field: string, words: string): Difference[] => [{ part: 'role', field, words }];
  if (!state) return difference('exists', 'delivery role: deleted');
  const inline = changedPolicies(baseline, state);
  const gone = baseline.attached.filter((arn) => !state.attached.includes(arn));
  const added = state.attached.filter((arn) => !baseline.attached.includes(arn));
  return [
    ...(samePolicy(baseline.trust, state.trust) ? [] : difference('trust', 'trust policy: changed')),
    ...(inline.length > 0 ? difference('inline', `inline policies gone, changed or added: ${inline.join(', ')}`) : []),
    ...(gone.length > 0 ? difference('attached', `policies detached: ${gone.join(', ')}`) : []),
    ...(added.length > 0 ? difference('attached', `policies attached: ${added.join(', ')}`) : []),
    ...(baseline.boundary === state.boundary
      ? []
      : difference('boundary', `boundary: ${worded(state.boundary)} instead of ${worded(baseline.boundary)}`)),
  ];
}

/** Names of the inline policies in which two states of a role differ. */
export const changedPolicies = (one: DeliveryRoleState, other: DeliveryRoleState): string[] =>
  [...new Set([...Object.keys(one.inline), ...Object.keys(other.inline)])].filter(
    (name) => !samePolicy(one.inline[name], other.inline[name]),
  );

/** Everything in which the trail and what it depends on is less than in its baseline. */
export function losses(baseline: TrailBaseline, state: TrailState, pipeline: PipelineState): Difference[] {
  const { logGroup, bucket, role, keyState } = baseline.pipeline;
  return [
    ...trailLosses(baseline.state, state),
    ...(logGroup ? logGroupLosses(logGroup, pipeline.logGroup) : []),
    ...(bucket ? logBucketLosses(bucket, pipeline.bucket) : []),
    ...(role ? deliveryRoleLosses(role, pipeline.role) : []),
    ...(keyState === 'Enabled' && pipeline.keyState !== 'Enabled'
      ? [{ part: 'key' as const, field: 'keyState', words: `key: ${pipeline.keyState ?? 'gone'}` }]
      : []),
  ];
}

/** A value as text that is equal for equal values, whatever the order of keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

/** Policies are equal when they say the same, however they are spaced. */
export function samePolicy(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  try {
    return canonical(JSON.parse(one)) === canonical(JSON.parse(other));
  } catch {
    return one === other;
  }
}

const sorted = (values: readonly unknown[]): string[] => values.map(canonical).sort();

function without<T>(wanted: readonly T[], there: readonly T[]): T[] {
  const known = new Set(there.map(canonical));
  return wanted.filter((one) => !known.has(canonical(one)));
}

const worded = (value: string | boolean | undefined): string =>
  value === undefined || value === '' ? 'none' : value === true ? 'on' : value === false ? 'off' : value;
