/** What `actor` found: everybody who did it, and what they are. */
export interface ActorFinding {
  key: string;
  label: string;
  kind: string;
  arn?: string;
  addresses: string[];
  userAgents: string[];
}

/** What `role-use` found of one role whose sessions did it: whom their revocation would hit. */
export interface RoleUse {
  role: string;
  /** How far back it was looked, in hours. */
  hours: number;
  /** Sessions that made calls, by name. */
  sessions: string[];
  /** Who assumed it: users, other roles, services. */
  assumedBy: string[];
  /** True where there was more than could be read: the numbers are "at least". */
  atLeast: boolean;
  /** Whom its trust policy lets assume it; undefined where it could not be read. */
  trusts?: string[];
}

/** What `logging-gap` found of one trail. */
export interface TrailGap {
  trail: string;
  /** Is it logging now, as GetTrailStatus says. */
  logging: boolean | 'deleted' | 'unknown';
  stoppedAt?: string;
  restartedAt?: string;
  /** Whole seconds from the stopping call to the restart, in all where it was stopped again. */
  offSeconds?: number;
  /** How often it was stopped and started again, where that is more than once. */
  interruptions?: number;
}

/** One way in which a bucket is, or would be, open to strangers. */
export interface ExposureWay {
  via: 'policy' | 'acl' | 'access-point';
  /** Everyone on the internet, or everybody with any AWS account. */
  who: 'everyone' | 'any AWS account';
  access: ('read' | 'list' | 'write' | 'permissions')[];
  /** The statement's Sid or number, or the grant. */
  what: string;
  /** The setting of the block that neutralizes it, if one does. */
  blockedBy?: string;
  /** True when no record of the incident opened it: it was open before. */
  before?: boolean;
}

/** That a bucket is meant to be public, as its tag says. */
export interface Approval {
  /** The tag's value. */
  reason: string;
  /** Who set it last and when, as far as event history has it. */
  setBy?: string;
  setAt?: string;
  /** It does not count: who opened the bucket had set it. */
  void?: true;
}

/** What `bucket-exposure` found of one bucket. */
export interface BucketExposure {
  bucket: string;
  public: boolean;
  ways: ExposureWay[];
  /** The protection that was taken away, in words. */
  protectionRemoved: boolean;
  objects?: { count: number; bytes: number; atLeast: boolean };
  since?: string;
  until?: string;
  /** Is it closed now, as read back. */
  closed: boolean;
  approval?: Approval;
  /** What could not be read of it: its state is judged without. */
  unread?: string[];
  /** Why nothing at all could be found out. */
  error?: string;
}

/** What `login-pattern` found. */
export interface LoginPattern {
  kind: 'brute-force' | 'spray' | 'distributed' | 'mixed';
  failures: number;
  first: string;
  last: string;
  perMinute: number;
  users: { user: string; failures: number; addresses: string[]; exists: boolean }[];
  addresses: { address: string; failures: number; users: string[] }[];
  /** By whom, as the actor's key, and with MFA or not. */
  successes: { time: string; user: string; key: string; address: string; mfa: boolean }[];
}

/** What `root-activity` found, in order. */
export interface RootActivity {
  uses: {
    time: string;
    call: string;
    address: string;
    agent: string;
    mfa?: boolean;
    error?: string;
    changed?: string;
  }[];
}

/** What `root-credentials` found in the account's summary; a field that the summary lacks is absent. */
export interface RootCredentials {
  accessKeys?: boolean;
  mfa?: boolean;
}

/** What `activity-in-gap` found: what the offenders did while a trail did not record. */
export interface GapActivity {
  trail: string;
  /** ISO times. */
  from: string;
  to: string;
  /** In order; those that changed something come first where there are too many. */
  calls: { time: string; call: string; by: string; address: string; changes: boolean; error?: string }[];
  /** There are more calls than these. */
  more: boolean;
}

/** What `trail-health` found of one trail, against its baseline. */
export interface TrailHealth {
  trail: string;
  /** Version of its baseline. */
  baseline: number;
  logging: boolean;
  /** In what the trail, or what it delivers through, is less than its baseline, in words. */
  losses: string[];
  /** Why it could not be read. */
  unread?: string;
}

/** What `traffic` found: who talked to what, as the flow logs of the interfaces have it. */
export interface Traffic {
  /** ISO times that were looked at. */
  from: string;
  to: string;
  /** Most bytes first. */
  conversations: {
    source: string;
    destination: string;
    port: string;
    protocol: string;
    action: 'ACCEPT' | 'REJECT';
    records: number;
    packets: number;
    bytes: number;
  }[];
  /** How many records there were, and how many of the interfaces' log events were no usable records. */
  records: number;
  odd: number;
  /** There is more than was read. */
  more: boolean;
}

/** What `interfaces` found: whose the network interfaces are that the records name, or that have an address in them. */
export interface InterfaceFound {
  id: string;
  addresses: string[];
  /** The instance that it is attached to. */
  instance?: string;
  /** Where it is no instance's: what it says of itself. */
  what?: string;
}

/** The findings of an incident, by investigation. An investigation that failed or was not run is absent. */
export interface Findings {
  actor?: ActorFinding[];
  'role-use'?: RoleUse[];
  'logging-gap'?: TrailGap[];
  'activity-in-gap'?: GapActivity[];
  'trail-health'?: TrailHealth[];
  'bucket-exposure'?: BucketExposure[];
  'login-pattern'?: LoginPattern;
  'root-activity'?: RootActivity;
  'root-credentials'?: RootCredentials;
  traffic?: Traffic;
  interfaces?: InterfaceFound[];
}
