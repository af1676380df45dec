import { Aws, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnNamedQuery } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import { CfnQueryDefinition } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { matchingQuery } from '../backtest/athena.ts';
import { deployedDetections } from '../playbooks/catalog.ts';
import { type Detection, type KnownTrail, matchOf } from '../playbooks/detection.ts';
import { sqlCondition } from '../playbooks/matching/athena-sql.ts';
import { sourceOf } from '../playbooks/sources.ts';
import { flowLogGroupOf } from './flow-logs.ts';
import type { Settings } from './settings.ts';

const TABLE = 'records';

/** Glue takes no hyphens that Athena's SQL would not stumble over. */
const databaseName = (prefix: string): string => `${prefix.replaceAll('-', '_')}_trail`;

/** A match that an engine cannot say has no saved query: the CLI's backtest finds its records all the same. */
function sayable(write: () => string): string | undefined {
  try {
    return write();
  } catch {
    return undefined;
  }
}

/**
 * Saved queries for each detection's records: of CloudWatch Logs Insights over the trail's log group, and, where its bucket is
 * known, of Athena over what it keeps for longer. They cost nothing until somebody runs one. A stack of its own: nothing
 * depends on them, and CloudFormation takes 500 resources and a megabyte a stack.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 */
export class QueriesStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { prefix, packs, flowLogs }: Settings,
    trail: KnownTrail,
    props: StackProps,
  ) {
    super(scope, id, props);
    const detections = deployedDetections(packs);
    const flowLogGroup = flowLogs && flowLogGroupOf(prefix, flowLogs);
    for (const [name, detection] of detections) {
      const queryString = sayable(() => sourceOf(detection).insights(matchOf(detection, trail)));
      const logGroup = detection.source === 'flow-logs' ? flowLogGroup : trail.logGroup;
      if (queryString === undefined || logGroup === undefined) continue;
      new CfnQueryDefinition(this, `Insights-${name}`, {
        // A slash makes a folder in the console.
        name: `${prefix}/${name}`,
        logGroupNames: [logGroup],
        queryString,
      });
    }
    if (trail.bucket) this.#archive(prefix, trail, trail.bucket, detections);
  }

  /** Each line of the delivery files as it stands, as the backtest reads it: no field of a record is lost on a list of columns. */
  #archive(
    prefix: string,
    trail: KnownTrail,
    bucket: string,
    detections: readonly [id: string, detection: Detection][],
  ): void {
    const database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: databaseName(prefix), description: 'cordon: what the trail keeps in its bucket' },
    });
    const table = new CfnTable(this, 'Table', {
      catalogId: Aws.ACCOUNT_ID,
      databaseName: databaseName(prefix),
      tableInput: {
        name: TABLE,
        description: 'The trail’s delivery files, a line each; the saved queries unfold the records',
        tableType: 'EXTERNAL_TABLE',
        parameters: { EXTERNAL: 'TRUE' },
        storageDescriptor: {
          columns: [{ name: 'line', type: 'string' }],
          location: `s3://${bucket}/AWSLogs/`,
          inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
          outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
          serdeInfo: {
            serializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
            // A character that stands in no JSON: the line is one field.
            parameters: { 'field.delim': '\u0001', 'serialization.format': '\u0001' },
          },
        },
      },
    });
    table.addResourceDependency(database);
    for (const [name, detection] of detections) {
      if (detection.source) continue;
      const match = matchOf(detection, trail);
      if (sayable(() => sqlCondition(match)) === undefined) continue;
      const query = new CfnNamedQuery(this, `Athena-${name}`, {
        name: `${prefix}-${name}`,
        description: `${detection.title}: its records in the trail’s bucket. It reads all of it: narrow "$path" to an account, Region or day`,
        database: databaseName(prefix),
        queryString: matchingQuery(`"${databaseName(prefix)}"."${TABLE}"`, [{ match }]),
      });
      query.addResourceDependency(table);
    }
  }
}
