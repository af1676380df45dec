import { actionKeyOf } from '../../handlers/actions/action.ts';
import { actions } from '../../handlers/actions/catalog.ts';
import { loginPattern } from '../../handlers/investigations/login-pattern.ts';
import { actorOf } from '../../playbooks/actor.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { call, iamUser, root, signIn } from '../../playbooks/detections/samples.ts';
import type { ActionRecord, Incident, IncidentEvent, Verdict } from '../../playbooks/incident.ts';

const ACCOUNT = '111122223333';
const TRAIL = `arn:aws:cloudtrail:us-east-1:${ACCOUNT}:trail/cordon`;

/** A judged record of an incident, at a time of the day. */
export function event(time: string, record: Record<string, unknown>, verdict: Verdict, reason?: string): IncidentEvent {
  const eventID = `9c1f7c2e-8d4b-4a63-b7a1-${time.replaceAll(':', '').padStart(12, '0')}`;
  const parsed = cloudTrailRecord.parse({ ...record, eventTime: `2026-05-01T${time}Z`, eventID });
  return { record: parsed, actor: actorOf(parsed, ACCOUNT), verdict, ...(reason ? { reason } : {}) };
}

/** An action as the ledger has it. */
export function did(
  action: string,
  target: object,
  status: ActionRecord['status'],
  rest: Partial<ActionRecord> = {},
): ActionRecord {
  const unit = actions[action];
  if (!unit) throw new TypeError(`There is no action ${action}.`);
  return {
    key: actionKeyOf(action, target),
    action,
    title: unit.title,
    contains: unit.contains,
    target,
    label: unit.label(target),
    status,
    because: [],
    at: { planned: '2026-05-01T03:01:20.101Z', [status]: '2026-05-01T03:01:22.707Z' },
    ...rest,
  };
}

/** An incident with what every one has. */
export const incident = (detection: string, rest: Partial<Incident> = {}): Incident => ({
  id: `${detection}-20260501-030112-4f1a`,
  detection,
  account: ACCOUNT,
  region: 'us-east-1',
  severity: 'CRITICAL',
  status: 'open',
  openedAt: '2026-05-01T03:01:13.020Z',
  alarmAt: '2026-05-01T03:01:12.000Z',
  alarmName: `cordon-${detection}`,
  alarmReason: 'Threshold Crossed: 1 datapoint [1.0] was greater than or equal to the threshold (1.0).',
  events: [],
  actions: [],
  questions: [],
  findings: {},
  failures: [],
  evidence: `s3://cordon-evidence-111122223333/incidents/${detection}-20260501-030112-4f1a`,
  ...rest,
});

const agent = 'aws-cli/2.17.32 md/awscrt#0.21.2 ua/2.0 os/linux lang/python#3.11.9';
const mallory = {
  key: 'user:mallory',
  label: 'IAM user mallory',
  kind: 'iam-user',
  arn: `arn:aws:iam::${ACCOUNT}:user/mallory`,
  addresses: ['198.51.100.23'],
  userAgents: [agent],
};
const disabled = did('disable-iam-user', { user: 'mallory' }, 'verified', {
  beforeWords: 'access key AKIAEXAMPLE7MALLORY7 active, not denied anything by cordon',
  afterWords: 'access key AKIAEXAMPLE7MALLORY7 inactive, everything denied',
});
const tagged = did('tag-iam-user', { user: 'mallory' }, 'verified', {
  beforeWords: 'no tags of cordon',
  afterWords: 'cordon:incident=x, cordon:detection=y, cordon:at=2026-05-01T03:01:21.000Z',
});

const cloudtrail = (name: string, parameters: unknown, rest: object = {}) =>
  call('cloudtrail.amazonaws.com', name, iamUser('mallory'), { requestParameters: parameters, ...rest });

/** A stopped trail that records again, by a user who is disabled. */
export const trailStopped = (): Incident =>
  incident('trail-tampering', {
    events: [event('03:00:05', cloudtrail('StopLogging', { name: 'cordon' }), 'offence')],
    actions: [
      did('start-logging', { trail: TRAIL }, 'verified', {
        beforeWords: 'logging off since 2026-05-01T03:00:05.000Z',
        afterWords: 'logging on since 2026-05-01T03:01:18.000Z',
      }),
      tagged,
      disabled,
    ],
    findings: {
      actor: [mallory],
      'logging-gap': [
        {
          trail: TRAIL,
          logging: true,
          stoppedAt: '2026-05-01T03:00:05Z',
          restartedAt: '2026-05-01T03:01:18.000Z',
          offSeconds: 73,
        },
      ],
    },
  });

/** A refused StopLogging: nothing to restore. */
export const trailAttempt = (): Incident =>
  incident('trail-tampering', {
    events: [
      event(
        '03:00:05',
        cloudtrail('StopLogging', null, {
          errorCode: 'AccessDenied',
          errorMessage: `User: arn:aws:iam::${ACCOUNT}:user/mallory is not authorized to perform: cloudtrail:StopLogging on resource: ${TRAIL}`,
        }),
        'attempt',
      ),
    ],
    actions: [tagged],
    findings: { actor: [mallory], 'logging-gap': [{ trail: TRAIL, logging: true }] },
  });

/** The trail's log group deleted and made again, opened by the event of the call. */
/** Found by the watchdog: logging is off and on again, the alarm's actions are off, and no call is known that did it. */
export const trailFoundStopped = (): Incident =>
  incident('trail-tampering', {
    lane: 'watchdog',
    since: '2026-05-01T02:56:10.000Z',
    differences: [
      {
        key: `${TRAIL}/logging`,
        what: 'trail cordon',
        words: 'trail cordon: logging off since 02:58:40Z',
        services: ['cloudtrail'],
        restore: { action: 'start-logging', target: { trail: TRAIL } },
      },
      {
        key: `${TRAIL}/organization`,
        what: 'trail cordon',
        words: 'trail cordon: no longer a trail of the organization',
        services: ['cloudtrail'],
        commands: ['aws cloudtrail update-trail --name cordon --is-organization-trail'],
      },
    ],
    actions: [
      did('start-logging', { trail: TRAIL }, 'verified', {
        beforeWords: 'logging off since 02:58:40Z',
        afterWords: 'logging on since 03:01:22Z',
      }),
    ],
  });

export const logGroupDeleted = (rest: Partial<Incident> = {}): Incident =>
  incident('trail-pipeline-tampering', {
    lane: 'event',
    alarmReason: 'EventBridge delivered the event of DeleteLogGroup (9c1f7c2e) before any alarm',
    events: [
      event(
        '03:00:05',
        call('logs.amazonaws.com', 'DeleteLogGroup', iamUser('mallory'), {
          requestParameters: { logGroupName: '/cordon/trail' },
        }),
        'offence',
      ),
    ],
    actions: [
      did('restore-log-group', { logGroup: '/cordon/trail', region: 'us-east-1' }, 'verified', {
        because: ['9c1f7c2e-8d4b-4a63-b7a1-000000030005'],
        beforeWords: 'log group: deleted',
        afterWords: 'as in its baseline, with 9 metric filters',
      }),
      tagged,
      disabled,
    ],
    findings: { actor: [mallory], 'trail-health': [{ trail: TRAIL, baseline: 2, logging: true, losses: [] }] },
    ...rest,
  });

const s3 = (name: string, parameters: object) =>
  call('s3.amazonaws.com', name, iamUser('mallory'), { requestParameters: parameters });

/** A bucket opened by its policy and closed again; whether to disable the user is for a person to say. */
export const bucketOpened = (): Incident =>
  incident('s3-public-exposure', {
    severity: 'HIGH',
    events: [
      event('03:00:05', s3('DeleteBucketPublicAccessBlock', { bucketName: 'reports' }), 'offence'),
      event('03:00:09', s3('PutBucketPolicy', { bucketName: 'reports', bucketPolicy: {} }), 'offence'),
    ],
    actions: [
      did('block-public-access', { bucket: 'reports', seen: { blockWeakened: true, openedBy: [] } }, 'verified', {
        beforeWords: 'no public access block',
        afterWords: 'all four settings on',
      }),
      tagged,
      did('disable-iam-user', { user: 'mallory' }, 'proposed', {
        reason: actions['disable-iam-user']?.blastRadius ?? '',
      }),
    ],
    findings: {
      actor: [mallory],
      'bucket-exposure': [
        {
          bucket: 'reports',
          public: true,
          ways: [{ via: 'policy', who: 'everyone', access: ['read', 'list'], what: 'statement Download' }],
          protectionRemoved: true,
          objects: { count: 1204, bytes: 3_400_000_000, atLeast: false },
          since: '2026-05-01T03:00:05Z',
          until: '2026-05-01T03:01:22.707Z',
          closed: true,
        },
      ],
    },
  });

/** A policy that names no stranger. */
export const bucketBenign = (): Incident =>
  incident('s3-public-exposure', {
    severity: 'HIGH',
    events: [
      event(
        '03:00:09',
        s3('PutBucketPolicy', { bucketName: 'reports', bucketPolicy: {} }),
        'benign',
        'bucket reports: not public: neither policy nor ACL lets strangers in',
      ),
    ],
    actions: [
      did('block-public-access', { bucket: 'reports', seen: { blockWeakened: false, openedBy: [] } }, 'not-needed', {
        reason: 'not public: neither policy nor ACL lets strangers in',
        benign: true,
      }),
    ],
    findings: { actor: [mallory], 'bucket-exposure': [] },
  });

const hidden = { type: 'IAMUser', accountId: ACCOUNT, accessKeyId: '', userName: 'HIDDEN_DUE_TO_SECURITY_REASONS' };

/** Four guesses at alice and one at nobody from one address, then a success as alice. */
export function signInsGuessed(): Incident {
  const failure = { errorMessage: 'Failed authentication' };
  const events = [
    ...['03:00:01', '03:00:07', '03:00:12', '03:00:20'].map((time) =>
      event(time, signIn(iamUser('alice'), 'Failure', failure), 'attempt'),
    ),
    event('03:00:31', signIn(hidden, 'Failure', { errorMessage: 'No username found in supplied account' }), 'attempt'),
    event('03:00:44', signIn(iamUser('alice'), 'Success'), 'related'),
  ];
  const alice = { ...mallory, key: 'user:alice', label: 'IAM user alice', arn: `arn:aws:iam::${ACCOUNT}:user/alice` };
  return incident('failed-console-logins', {
    severity: 'HIGH',
    events,
    actions: [
      did('disable-iam-user', { user: 'alice' }, 'verified', {
        beforeWords: 'no access keys, not denied anything by cordon',
        afterWords: 'no access keys, everything denied',
      }),
    ],
    findings: { actor: [alice], 'login-pattern': loginPattern(events) },
  });
}

/** Root signs in and makes an access key. */
export const rootUsed = (): Incident =>
  incident('root-usage', {
    events: [
      event('03:00:01', signIn(root, 'Success'), 'offence'),
      event('03:00:31', call('iam.amazonaws.com', 'CreateAccessKey', root, { requestParameters: null }), 'offence'),
    ],
    findings: {
      actor: [{ ...mallory, key: 'root', label: 'the root user', kind: 'root' }],
      'root-activity': {
        uses: [
          { time: '2026-05-01T03:00:01Z', call: 'ConsoleLogin', address: '198.51.100.23', agent, mfa: false },
          {
            time: '2026-05-01T03:00:31Z',
            call: 'CreateAccessKey',
            address: '198.51.100.23',
            agent,
            mfa: false,
            changed: 'userName mallory',
          },
        ],
      },
    },
  });
