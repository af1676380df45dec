import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  type Trail,
} from '@aws-sdk/client-cloudtrail';
import { selectorsLost } from '../../playbooks/event-selectors.ts';
import { type Check, type Finding, ok, orAllOk, todo } from './check.ts';
import type { Installation } from './installation.ts';

/** Without a record for so long, in ms, something between the account and the log group is wrong: it never is that quiet. */
const QUIET = 2 * 3_600_000;

/** The trail that delivers to the log group that the detections read: that it records everything, and delivers. */
export const trailCheck: Check = {
  id: 'trail',
  run: async (installation, now) => {
    const { reader, settings } = installation;
    const client = reader.client(CloudTrailClient);
    const { trailList = [] } = await client.send(new DescribeTrailsCommand({}));
    const delivering = trailList.filter(
      ({ CloudWatchLogsLogGroupArn: arn = '' }) => arn.split(':').slice(6)[0] === settings.trail.logGroup,
    );
    if (delivering.length === 0) {
      return [
        todo(
          `no trail delivers to ${settings.trail.logGroup}: nothing is detected`,
          `npx cdk deploy ${reader.prefix}-trail, or let your own trail deliver there`,
        ),
      ];
    }
    const findings: Finding[] = [];
    for (const trail of delivering) findings.push(...(await inspect(trail, installation, now)));
    return findings;
  },
};

async function inspect(trail: Trail, { reader }: Installation, now: Date): Promise<Finding[]> {
  const { Name = '', TrailARN: arn = Name, HomeRegion = reader.region } = trail;
  const client = reader.client(CloudTrailClient, HomeRegion);
  const status = await client.send(new GetTrailStatusCommand({ Name: arn }));
  const selectors = await client.send(new GetEventSelectorsCommand({ TrailName: arn }));
  const wrong: Finding[] = [];
  const at = `--name ${Name} --region ${HomeRegion}`;
  if (!status.IsLogging) wrong.push(todo(`${Name} IS NOT LOGGING`, `aws cloudtrail start-logging ${at}`));
  if (!trail.IsMultiRegionTrail) {
    wrong.push(todo(`${Name} records one Region only`, `aws cloudtrail update-trail ${at} --is-multi-region-trail`));
  }
  if (!trail.IncludeGlobalServiceEvents) {
    wrong.push(
      todo(
        `${Name} leaves IAM and other global services out`,
        `aws cloudtrail update-trail ${at} --include-global-service-events`,
      ),
    );
  }
  if (!trail.LogFileValidationEnabled) {
    wrong.push(todo(`${Name} signs no digests`, `aws cloudtrail update-trail ${at} --enable-log-file-validation`));
  }
  if (leavesOut(selectors)) {
    wrong.push(
      todo(
        `${Name} leaves management events out`,
        `aws cloudtrail put-event-selectors --trail-name ${Name} --region ${HomeRegion} --event-selectors '[{"ReadWriteType":"All","IncludeManagementEvents":true}]'`,
      ),
    );
  }
  for (const [where, error] of [
    ['its log group', status.LatestCloudWatchLogsDeliveryError],
    ['its bucket', status.LatestDeliveryError],
  ] as const) {
    if (error) wrong.push(todo(`${Name} cannot deliver to ${where}: ${error}`, 'Look at its role, policy and key.'));
  }
  const last = status.LatestCloudWatchLogsDeliveryTime;
  const since = last ?? status.StartLoggingTime;
  if (status.IsLogging && since && now.getTime() - since.getTime() > QUIET) {
    wrong.push(
      todo(
        `${Name} has delivered nothing to its log group since ${since.toISOString()}`,
        'An account is never that quiet: look at the role that it delivers with.',
      ),
    );
  }
  return orAllOk(wrong, `${Name} is logging all management events of all Regions, and delivers`);
}

const ALL = {
  ReadWriteType: 'All',
  IncludeManagementEvents: true,
  DataResources: [],
  ExcludeManagementEventSources: [],
};

/** By what the baselines go by: what the default selectors have and these do not. */
function leavesOut({
  EventSelectors = [],
  AdvancedEventSelectors = [],
}: {
  EventSelectors?: unknown[] | undefined;
  AdvancedEventSelectors?: unknown[] | undefined;
}): boolean {
  if (AdvancedEventSelectors.length > 0) {
    return !AdvancedEventSelectors.some((one) => {
      const { FieldSelectors = [] } = one as { FieldSelectors?: { Field?: string; Equals?: string[] }[] };
      const [field, ...more] = FieldSelectors;
      return more.length === 0 && field?.Field === 'eventCategory' && field.Equals?.includes('Management') === true;
    });
  }
  return selectorsLost([ALL], EventSelectors).length > 0;
}

/** That the trail would be put back as it is, after somebody has changed it. */
export const baselineCheck: Check = {
  id: 'baselines',
  run: async ({ reader, settings }) => {
    const baselines = await reader.ledger.baselines.all();
    const mine = baselines.filter(({ state }) => state.settings.logGroup?.includes(`:${settings.trail.logGroup}`));
    if (mine.length > 0) {
      return mine.map(({ trail, version, takenAt }) =>
        ok(`${trail} has version ${version}, of ${takenAt.slice(0, 16)}Z`),
      );
    }
    return [
      todo(
        `there is none of a trail that delivers to ${settings.trail.logGroup}: a change of it cannot be put back`,
        `aws lambda invoke --function-name ${reader.prefix}-keep-baseline --payload '{}' /dev/stdout`,
      ),
    ];
  },
};
