import { CfnDetector } from 'aws-cdk-lib/aws-guardduty';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { findingKinds } from '../playbooks/catalog.ts';
import type { FindingDetection } from '../playbooks/detection.ts';
import { FINDING_EVENT } from '../playbooks/guardduty/finding.ts';
import type { Machine } from './machine.ts';
import { Starter } from './starter.ts';

/**
 * The pattern of the rule that starts the playbook on a detection's findings. Every finding has exactly one such rule: also one
 * whose type cannot be read is one of the others.
 * https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html
 */
export function findingPattern(detection: FindingDetection): object {
  const { taken, left = [] } = findingKinds(detection);
  const glob = (kind: string): string => `*:${kind}/*`;
  const type = taken
    ? taken.map((kind) => ({ wildcard: glob(kind) }))
    : [{ 'anything-but': { wildcard: left.map(glob) } }, { exists: false }];
  return { source: ['aws.guardduty'], 'detail-type': [FINDING_EVENT], detail: { type } };
}

/** What starts the playbook on GuardDuty's findings: a rule for each detection of findings, with one role for all of them. */
export class FindingRules extends Construct {
  constructor(
    scope: Construct,
    id: string,
    {
      prefix,
      detections,
      playbook,
      undelivered,
    }: {
      prefix: string;
      detections: readonly [id: string, detection: FindingDetection][];
      playbook: Machine;
      undelivered: Queue;
    },
  ) {
    super(scope, id);
    const starter = new Starter(this, 'Start', { name: `${prefix}-guardduty`, playbook, undelivered });
    for (const [name, detection] of detections) {
      starter.onFindings(name, { name: `${prefix}-${name}`, eventPattern: findingPattern(detection) });
    }
  }
}

/**
 * GuardDuty, switched on in this account and Region, which can have one detector only. Further occurrences of a finding are told of
 * every quarter of an hour, as often as it can be.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-guardduty-detector.html
 */
export const guardDutyDetector = (scope: Construct): CfnDetector =>
  new CfnDetector(scope, 'GuardDuty', {
    enable: true,
    findingPublishingFrequency: 'FIFTEEN_MINUTES',
    features: [{ name: 'S3_DATA_EVENTS', status: 'ENABLED' }],
  });
