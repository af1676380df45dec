import { actions } from '../../handlers/actions/catalog.ts';
import { loginPattern } from '../../handlers/investigations/login-pattern.ts';
import { actorTarget } from '../../handlers/plan.ts';
import { type ActorKind, actorKinds, actorOf } from '../../playbooks/actor.ts';
import { bucketOf } from '../../playbooks/buckets.ts';
import { detectionOf, responseOf } from '../../playbooks/catalog.ts';
import { type CloudTrailRecord, cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import type { Detection, FindingDetection } from '../../playbooks/detection.ts';
import type { ExposureWay, Findings } from '../../playbooks/findings.ts';
import { type FlowRecord, flowOf, isPrivate } from '../../playbooks/flow-logs.ts';
import { findingRecord } from '../../playbooks/guardduty/finding.ts';
import type { ActionRecord, ActionStatus, Incident, IncidentEvent } from '../../playbooks/incident.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { type Choice, choices, defaultOptions, type Options } from '../../playbooks/options.ts';
import { failed, objectOf } from '../../playbooks/parameters.ts';
import type { Contain, Response } from '../../playbooks/response.ts';
import { sourceOf } from '../../playbooks/sources.ts';
import { SAMPLE, withPlaceholders } from './placeholders.ts';

/** An incident made of a detection's samples, to show what its response leaves to a person. */
export interface Specimen {
  /** What sets it apart, to go on after "When": "a role's session did it". */
  when: string;
  incident: Incident;
}

/** Principals of each kind, as a record names them. */
const identities: Record<ActorKind, { when: string; identity: object }> = {
  'iam-user': { when: 'an IAM user did it', identity: { type: 'IAMUser', userName: 'USER' } },
  root: { when: 'root did it', identity: { type: 'Root' } },
  'assumed-role': { when: 'a session of a role did it', identity: role('ROLE') },
  'identity-center-role': {
    when: 'somebody did it through Identity Center',
    identity: role('AWSReservedSSO_PERMISSION_SET_0123456789abcdef'),
  },
  'federated-user': {
    when: 'a federated user did it, and who made the credentials is not recorded',
    identity: { type: 'FederatedUser', arn: `arn:aws:sts::${SAMPLE.account}:federated-user/USER` },
  },
  'aws-service': {
    when: 'an AWS service did it',
    identity: { type: 'AWSService', invokedBy: 'SERVICE.amazonaws.com' },
  },
  'other-account': {
    when: 'another account did it',
    identity: {
      type: 'AssumedRole',
      arn: `arn:aws:sts::${SAMPLE.otherAccount}:assumed-role/ROLE/SESSION`,
      accountId: SAMPLE.otherAccount,
    },
  },
  'network-address': { when: 'it came from an address', identity: {} },
  unknown: {
    when: 'the records do not say who did it',
    identity: {},
  },
};

function role(userName: string): object {
  const arn = `arn:aws:iam::${SAMPLE.account}:role/${userName}`;
  return {
    type: 'AssumedRole',
    arn: `arn:aws:sts::${SAMPLE.account}:assumed-role/${userName}/SESSION`,
    sessionContext: { sessionIssuer: { type: 'Role', arn, userName } },
  };
}

/** How each action of a specimen stands. */
type Standing = (action: string, usual: ActionStatus) => ActionStatus;

/**
 * Incidents of a detection: of each kind of principal whose records it takes, then with each restoring failed, and with
 * each optional answer left out. The first is the usual one.
 */
export function specimens(detectionId: string): Specimen[] {
  const detection = detectionOf(detectionId);
  if (detection.source === 'guardduty') return foundSpecimens(detectionId, detection);
  const { restore, contain } = responseOf(detection.response);
  const byActor = actorKinds
    .filter((kind) => (kind === 'network-address') === (detectionOf(detectionId).source !== undefined))
    .map((kind) => ({ kind, ...identities[kind] }))
    .flatMap(({ kind, when, identity }) => {
      const incident = specimen(detectionId, detection, identity);
      return incident ? [{ kind, when, identity, incident }] : [];
    })
    .sort((one, other) => rank(one.kind) - rank(other.kind));
  const [usual] = byActor;
  if (!usual) return [];
  const failing = restore.flatMap(({ action }) => {
    const standing: Standing = (id, status) => (id === action ? 'failed' : status);
    return variant(`${action} failed`, specimen(detectionId, detection, usual.identity, { standing }));
  });
  const without = settingsOf(contain).flatMap((setting) => {
    const options = { ...defaultOptions, [setting]: 'off' };
    return variant(`the setting ${setting} is off`, specimen(detectionId, detection, usual.identity, { options }));
  });
  return [...byActor, ...failing, ...without];
}

/** An IAM user is the usual one, where the detection takes their records; what holds for nobody known comes next. */
const rank = (kind: ActorKind): number => (kind === 'iam-user' ? 0 : kind === 'unknown' ? 1 : 2);

const variant = (when: string, incident: Incident | undefined): Specimen[] => (incident ? [{ when, incident }] : []);

/** The settings of optional answers that are not off anyway. */
const settingsOf = (contain: readonly Contain[]): (keyof Options)[] =>
  contain.flatMap(({ decided }) => {
    const value = decided?.setting && defaultOptions[decided.setting];
    return decided?.setting && value !== 'off' && choices.includes(value as Choice) ? [decided.setting] : [];
  });

/** Incidents of one finding each: the samples, and one of another account. */
function foundSpecimens(detectionId: string, { samples, response: id }: FindingDetection): Specimen[] {
  const response = responseOf(id);
  const [first] = samples.matching;
  const found = samples.matching.map(({ name, finding }) => ({ when: `the finding is ${name}`, finding }));
  const abroad = first && {
    when: 'it was found in another account',
    finding: { ...first.finding, accountId: SAMPLE.otherAccount },
  };
  return [...found, ...(abroad ? [abroad] : [])].map(({ when, finding }) => {
    const record = findingRecord({ id: 'EVENT_ID', ...SAMPLE, detail: finding });
    const bare = emptyIncident(detectionId, [{ record, actor: actorOf(record, SAMPLE.account), verdict: 'offence' }]);
    const usual: Standing = (_, status) => status;
    const restored = { ...bare, actions: restores(response, bare, usual) };
    const incident = {
      ...restored,
      actions: [...restored.actions, ...containments(response, restored, usual, defaultOptions)],
    };
    return { when, incident };
  });
}

function specimen(
  detectionId: string,
  detection: Detection,
  identity: object,
  { standing = (_, usual) => usual, options = defaultOptions }: { standing?: Standing; options?: Options } = {},
): Incident | undefined {
  const response = responseOf(detection.response);
  const samples = withPlaceholders([...detection.samples.matching, ...detection.samples.other]);
  const counts = predicate(detection.when);
  const belongs = detection.related ? predicate(detection.related.when) : () => false;
  const source = sourceOf(detection);
  const events = samples.flatMap(({ record }, index): IncidentEvent[] => {
    if (detection.source) {
      const read = source.read(source.parse(source.message(record)), `EVENT_ID_${index + 1}`);
      if ('problem' in read || !counts(record)) return [];
      const verdict = source.failed(read.record) ? 'attempt' : 'offence';
      return [{ record: read.record, actor: source.actorOf(read.record, SAMPLE.account), verdict }];
    }
    // Of root some records tell no more than that; the others keep the rest of what they say of who it was.
    const own = objectOf(record.userIdentity).type === objectOf(identity).type ? objectOf(record.userIdentity) : {};
    const userIdentity = { accountId: SAMPLE.account, ...own, arn: undefined, accessKeyId: 'KEY_ID', ...identity };
    const parsed = cloudTrailRecord.parse({ ...record, userIdentity, eventID: `EVENT_ID_${index + 1}` });
    const actor = actorOf(parsed, SAMPLE.account);
    const verdict = failed(parsed) ? 'attempt' : 'offence';
    if (counts(parsed)) return [{ record: parsed, actor, verdict }];
    return belongs(parsed) ? [{ record: parsed, actor, verdict: 'related' }] : [];
  });
  if (!events.some(({ verdict }) => verdict !== 'related')) return undefined;
  const bare = emptyIncident(detectionId, events);
  const restored = { ...bare, actions: restores(response, bare, standing) };
  return { ...restored, actions: [...restored.actions, ...containments(response, restored, standing, options)] };
}

const emptyIncident = (detection: string, events: IncidentEvent[]): Incident => ({
  id: 'INCIDENT',
  detection,
  account: SAMPLE.account,
  region: SAMPLE.region,
  severity: detectionOf(detection).severity,
  status: 'open',
  outcome: 'needs-analyst',
  openedAt: SAMPLE.time,
  alarmAt: SAMPLE.time,
  alarmName: `cordon-${detection}`,
  events,
  actions: [],
  questions: [],
  findings: findingsOf(events),
  failures: [],
  evidence: 's3://EVIDENCE_BUCKET/incidents/INCIDENT',
});

/** Findings on which steps by hand depend: a bucket is open in every way, and root has keys and no MFA. */
function findingsOf(events: IncidentEvent[]): Findings {
  const buckets = [...new Set(events.flatMap(({ record }) => bucketOf(record) ?? []))];
  const way = (via: ExposureWay['via']): ExposureWay => ({ via, who: 'everyone', access: ['read'], what: 'STATEMENT' });
  return {
    'login-pattern': loginPattern(events),
    'bucket-exposure': buckets.map((bucket) => ({
      bucket,
      public: true,
      ways: [way('policy'), way('acl'), way('access-point')],
      protectionRemoved: true,
      closed: true,
    })),
    'root-credentials': { accessKeys: true, mfa: false },
    interfaces: events.flatMap(({ record }) => {
      const flow = flowOf(record);
      return flow ? [{ id: flow.eni, addresses: privateOf(record, flow), instance: 'INSTANCE' }] : [];
    }),
  };
}

/** The addresses of a flow that are of the account, by the samples' networks. */
const privateOf = (record: CloudTrailRecord, { source }: FlowRecord): string[] =>
  predicate(isPrivate('source'))(record) ? [source] : [];

function restores({ restore }: Response, { events, account }: Incident, standing: Standing): ActionRecord[] {
  const offences = events.filter(({ verdict }) => verdict === 'offence').map(({ record }) => record);
  return restore.flatMap(({ action, targets }) =>
    targets(offences, account).map(({ target, because }) =>
      recordOf(action, target, standing(action, 'verified'), because),
    ),
  );
}

function containments({ contain }: Response, incident: Incident, standing: Standing, options: Options): ActionRecord[] {
  const actors = [...new Map(incident.events.map(({ actor }) => [actor.key, actor])).values()];
  return actors.flatMap((actor) =>
    contain.flatMap(({ action, who, mode, targets }) => {
      const decided = typeof mode === 'function' ? mode(incident, actor.key, options) : mode;
      if (decided === undefined || ![who].flat().includes(actor.kind)) return [];
      const status = standing(action, decided === 'auto' ? 'verified' : 'proposed');
      return (targets?.(incident, actor) ?? actorTarget(actor)).map((target) => recordOf(action, target, status, []));
    }),
  );
}

function recordOf(action: string, target: unknown, status: ActionStatus, because: string[]): ActionRecord {
  const unit = actions[action];
  return {
    key: `${action}-XXXXXX`,
    action,
    title: unit?.title ?? action,
    contains: unit?.contains ?? true,
    target,
    label: unit?.label(target) ?? action,
    status,
    because,
    ...(status === 'failed' ? { reason: 'REASON' } : {}),
    ...(unit?.byHand ? { commands: unit.byHand(target) } : {}),
    at: {},
  };
}
