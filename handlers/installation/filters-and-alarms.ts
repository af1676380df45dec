import { CloudWatchClient, type MetricAlarm, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  type MetricFilter,
  paginateDescribeMetricFilters,
} from '@aws-sdk/client-cloudwatch-logs';
import { deployedDetections } from '../../playbooks/catalog.ts';
import { type Detection, matchOf } from '../../playbooks/detection.ts';
import {
  type FilterPattern,
  matchesPattern,
  parseFilterPattern,
} from '../../playbooks/matching/filter-pattern/filter-pattern.ts';
import { predicate } from '../../playbooks/matching/predicate.ts';
import { sourceOf } from '../../playbooks/sources.ts';
import { asDeployed, type Check, changed, type Finding, info, orAllOk, todo } from './check.ts';
import { type Installation, ofType } from './installation.ts';
import { agrees, type Resource, textOf } from './template.ts';

/** An alarm with data that is never there has had time enough to find that out, in ms. */
const SETTLED = 15 * 60_000;

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The metric filters: as they were deployed, and such that every sample of the catalog is told right. */
export const filterCheck: Check = {
  id: 'filters',
  run: async (installation) => {
    const declared = ofType(installation, 'AWS::Logs::MetricFilter');
    const groups = new Map<string, MetricFilter[]>();
    for (const name of new Set([
      installation.settings.trail.logGroup,
      ...declared.map((one) => groupOf(one, installation)),
    ])) {
      groups.set(name, await filtersOf(name, installation));
    }
    const changed = declared.flatMap((one) => {
      const group = groupOf(one, installation);
      return differs(one, group, groups.get(group) ?? [], installation);
    });
    const live = [...groups.values()].flat();
    const deployed = deployedDetections(installation.settings.packs);
    const blind = deployed.flatMap(([id, detection]) => misjudged(id, detection, live, installation));
    return orAllOk([...changed, ...blind], `${deployed.length} detections: every sample of the catalog is told right`);
  },
};

const groupOf = ({ properties }: Resource, { scope }: Installation): string => textOf(properties.LogGroupName, scope);

/** The metric filters of a log group; none where it is gone, which then stands with each filter. */
async function filtersOf(logGroupName: string, { reader }: Installation): Promise<MetricFilter[]> {
  const client = reader.client(CloudWatchLogsClient);
  const found: MetricFilter[] = [];
  try {
    for await (const page of paginateDescribeMetricFilters({ client }, { logGroupName })) {
      found.push(...(page.metricFilters ?? []));
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
  }
  return found;
}

function differs(declared: Resource, group: string, live: MetricFilter[], { scope }: Installation): Finding[] {
  const {
    FilterName,
    FilterPattern: pattern,
    MetricTransformations: [metric] = [],
  } = declared.properties as {
    FilterName: string;
    FilterPattern: unknown;
    MetricTransformations?: Record<string, unknown>[];
  };
  const there = live.find(({ filterName }) => filterName === FilterName);
  const wanted = textOf(pattern, scope);
  const mend = `aws logs put-metric-filter --log-group-name ${group} --filter-name ${FilterName} --filter-pattern ${quoted(wanted)} --metric-transformations metricNamespace=${metric?.MetricNamespace},metricName=${metric?.MetricName},metricValue=${metric?.MetricValue},unit=${metric?.Unit ?? 'None'}`;
  const part = { kind: 'metric filter', name: `${group} ${FilterName}`, service: 'logs' };
  if (!there) return [changed(part, `the metric filter ${FilterName} IS GONE: what it looks for is not seen`, mend)];
  if (!agrees(pattern, there.filterPattern ?? '', scope)) {
    return [changed(part, `the metric filter ${FilterName} has another pattern than it was deployed with`, mend)];
  }
  const [feeds] = there.metricTransformations ?? [];
  if (feeds?.metricName !== metric?.MetricName || feeds?.metricNamespace !== metric?.MetricNamespace) {
    return [changed(part, `the metric filter ${FilterName} feeds another metric than its alarm reads`, mend)];
  }
  return [];
}

/** The samples that the filters of a detection, taken together, tell wrong: the installation may be older than this catalog. */
function misjudged(
  id: string,
  detection: Detection,
  live: MetricFilter[],
  { reader, settings }: Installation,
): Finding[] {
  // Where a detection looks at some resources only, by those of this installation.
  const counts = predicate(matchOf(detection, settings.trail));
  const { samples } = detection;
  const patterns: FilterPattern[] = live
    .filter(({ metricTransformations = [] }) =>
      metricTransformations.some((one) => one.metricNamespace === reader.prefix && one.metricName === id),
    )
    .map(({ filterPattern = '' }) => parseFilterPattern(filterPattern));
  const source = sourceOf(detection);
  const seen = (record: object) => patterns.some((pattern) => matchesPattern(pattern, source.message(record)));
  const wrong = [...samples.matching, ...samples.other].flatMap(({ name, record }) => {
    if (seen(record) === counts(record)) return [];
    return [counts(record) ? `does not see "${name}"` : `takes "${name}" for an offence`];
  });
  if (wrong.length === 0) return [];
  const more = wrong.length > 3 ? ` and ${wrong.length - 3} more` : '';
  return [todo(`${id} ${wrong.slice(0, 3).join(', ')}${more}`, 'Deploy this version: npx cdk deploy --all')];
}

/** The alarms: that they are there as deployed, that they act, and that they have what they judge by. */
export const alarmCheck: Check = {
  id: 'alarms',
  run: async (installation, now) => {
    const live: MetricAlarm[] = [];
    const client = installation.reader.client(CloudWatchClient);
    for await (const page of paginateDescribeAlarms(
      { client },
      { AlarmNamePrefix: `${installation.reader.prefix}-` },
    )) {
      live.push(...(page.MetricAlarms ?? []));
    }
    const declared = ofType(installation, 'AWS::CloudWatch::Alarm');
    const findings = declared.flatMap((one) => inspectAlarm(one, live, installation, now));
    const wrong = findings.filter(({ state }) => state === 'todo');
    return [
      ...orAllOk(wrong, `${declared.length} alarms are there, act, and mail`),
      ...findings.filter(({ state }) => state === 'info'),
    ];
  },
};

/** In what an alarm is not as it was deployed, or is not of use. */
export function inspectAlarm(
  declared: Resource,
  live: MetricAlarm[],
  installation: Installation,
  now: Date,
): Finding[] {
  const { properties, physical: name } = declared;
  const alarm = live.find(({ AlarmName }) => AlarmName === name);
  const restore = { action: 'restore-alarm', target: { alarm: name } };
  const part = { kind: 'alarm', name, service: 'monitoring', restore };
  if (!alarm)
    return [
      changed(part, `the alarm ${name} IS GONE: nobody is told and no playbook starts`, asDeployed(installation)),
    ];
  const findings: Finding[] = [];
  if (!alarm.ActionsEnabled) {
    findings.push(
      changed(
        part,
        `the actions of the alarm ${name} ARE OFF: its alert is not mailed`,
        `aws cloudwatch enable-alarm-actions --alarm-names ${name}`,
      ),
    );
  }
  const wanted = (properties.AlarmActions as unknown[] | undefined) ?? [];
  const missing = wanted.filter((one) => !alarm.AlarmActions?.some((there) => agrees(one, there, installation.scope)));
  if (missing.length > 0) {
    const topics = missing.map((one) => textOf(one, installation.scope)).join(', ');
    findings.push(changed(part, `the alarm ${name} does not tell ${topics}`, asDeployed(installation)));
  }
  const fields = ['Namespace', 'MetricName', 'Statistic', 'Period', 'EvaluationPeriods', 'Threshold'].concat([
    'ComparisonOperator',
    'TreatMissingData',
  ]);
  const other = fields.filter(
    (field) =>
      properties[field] !== undefined &&
      !agrees(String(properties[field]), String((alarm as Record<string, unknown>)[field]), installation.scope),
  );
  if (other.length > 0) {
    findings.push(
      changed(
        part,
        `the alarm ${name} has another ${other.join(', ')} than it was deployed with`,
        asDeployed(installation),
      ),
    );
  }
  const since = alarm.StateUpdatedTimestamp ?? now;
  if (alarm.StateValue === 'INSUFFICIENT_DATA' && now.getTime() - since.getTime() > SETTLED) {
    findings.push(
      todo(
        `the alarm ${name} has had no data since ${since.toISOString()}`,
        'Look at the trail and the metric filters above.',
      ),
    );
  }
  // One that tells nobody is none that anybody waits for.
  if (alarm.StateValue === 'ALARM' && wanted.length > 0)
    findings.push(info(`${name} is in ALARM since ${since.toISOString()}`));
  return findings;
}
