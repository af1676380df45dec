import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

type Members = Record<string, string | { shape: string; [trait: string]: unknown }>;
interface Sketch {
  version: string;
  metadata: Record<string, unknown>;
  operations: Record<
    string,
    {
      http?: [string, string];
      in?: Members;
      out?: Members;
      payload?: string;
      wrapper?: string;
      errors?: string[];
      required?: string[];
    }
  >;
  shapes?: Record<string, object>;
}

const list = (shape: string, traits: object = {}) => ({ type: 'list', member: { shape, ...traits } });
const structure = (members: Members) => ({ type: 'structure', members: expand(members) });
const SECRET = { type: 'string', sensitive: true };

/** Small service models in botocore's form: only the operations that the tests call. */
const SERVICES: Record<string, Sketch> = {
  cloudtrail: {
    version: '2013-11-01',
    metadata: {
      endpointPrefix: 'cloudtrail',
      protocol: 'json',
      targetPrefix: 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101',
    },
    operations: {
      CreateTrail: {
        in: {
          Name: 'S',
          S3BucketName: 'S',
          IsMultiRegionTrail: 'Bool',
          CloudWatchLogsLogGroupArn: 'S',
          CloudWatchLogsRoleArn: 'S',
          TagsList: 'Tags',
        },
        out: {
          Name: 'S',
          S3BucketName: 'S',
          TrailARN: 'S',
          IsMultiRegionTrail: 'Bool',
          CloudWatchLogsLogGroupArn: 'S',
          CloudWatchLogsRoleArn: 'S',
        },
      },
      StartLogging: { in: { Name: 'S' }, out: {} },
      StopLogging: { in: { Name: 'S' }, out: {} },
      DeleteTrail: { in: { Name: 'S' }, out: {} },
      DescribeTrails: { in: {}, out: {} },
      GetTrailStatus: { in: { Name: 'S' }, out: {} },
      PutEventSelectors: {
        in: { TrailName: 'S', EventSelectors: 'Selectors' },
        out: { TrailARN: 'S', EventSelectors: 'Selectors' },
      },
      PutInsightSelectors: {
        in: { TrailName: 'S', InsightSelectors: 'Insights' },
        out: { TrailARN: 'S', InsightSelectors: 'Insights' },
      },
      GetInsightSelectors: { in: { TrailName: 'S' }, out: {} },
      LookupEvents: {
        in: { LookupAttributes: 'Attributes', StartTime: 'Time', EndTime: 'Time', MaxResults: 'Int', NextToken: 'S' },
        out: {},
      },
    },
    shapes: {
      Tags: list('Tag'),
      Tag: structure({ Key: 'S', Value: 'S' }),
      Selectors: list('Selector'),
      Selector: structure({ ReadWriteType: 'S', IncludeManagementEvents: 'Bool' }),
      Insights: list('Insight'),
      Insight: structure({ InsightType: 'S' }),
      Attributes: list('Attribute'),
      Attribute: structure({ AttributeKey: 'S', AttributeValue: 'S' }),
    },
  },
  cloudwatch: {
    version: '2010-08-01',
    metadata: {
      endpointPrefix: 'monitoring',
      protocol: 'smithy-rpc-v2-cbor',
      targetPrefix: 'GraniteServiceVersion20100801',
    },
    operations: { DeleteAlarms: { in: { AlarmNames: 'Strings' } }, PutMetricData: { in: { Namespace: 'S' } } },
  },
  ec2: {
    version: '2016-11-15',
    metadata: { endpointPrefix: 'ec2', protocol: 'ec2' },
    operations: {
      DescribeInstances: {
        in: {
          InstanceIds: { shape: 'Ids', locationName: 'InstanceId' },
          Filters: { shape: 'Filters', locationName: 'Filter' },
        },
        out: {},
      },
      AuthorizeSecurityGroupIngress: {
        in: { GroupId: 'S', IpPermissions: 'Permissions' },
        out: { Return: { shape: 'Bool', locationName: 'return' } },
      },
    },
    shapes: {
      Ids: list('S', { locationName: 'InstanceId' }),
      Filters: list('Filter', { locationName: 'Filter' }),
      Filter: structure({ Name: 'S', Values: { shape: 'Values', locationName: 'Value' } }),
      Values: list('S', { locationName: 'item' }),
      Permissions: list('Permission', { locationName: 'item' }),
      Permission: structure({ FromPort: 'Int', IpRanges: 'Ranges' }),
      Ranges: list('Range', { locationName: 'item' }),
      Range: structure({ CidrIp: 'S' }),
    },
  },
  iam: {
    version: '2010-05-08',
    metadata: { endpointPrefix: 'iam', protocol: 'query' },
    operations: {
      CreateAccessKey: { in: { UserName: 'S' }, out: { AccessKey: 'AccessKey' }, wrapper: 'CreateAccessKeyResult' },
      CreateLoginProfile: {
        in: { UserName: 'S', Password: 'Secret', PasswordResetRequired: 'Bool' },
        out: {},
        wrapper: 'CreateLoginProfileResult',
      },
      GetUser: { in: { UserName: 'S' }, out: {}, errors: ['NoSuchEntityException'] },
    },
    shapes: {
      AccessKey: structure({
        UserName: 'S',
        AccessKeyId: 'S',
        Status: 'S',
        SecretAccessKey: 'Secret',
        CreateDate: 'Time',
      }),
      NoSuchEntityException: { type: 'structure', members: {}, exception: true, error: { code: 'NoSuchEntity' } },
    },
  },
  lambda: {
    version: '2015-03-31',
    metadata: { endpointPrefix: 'lambda', protocol: 'rest-json' },
    operations: {
      UpdateFunctionCode: {
        http: ['PUT', '/2015-03-31/functions/{FunctionName}/code'],
        in: {
          FunctionName: { shape: 'S', location: 'uri', locationName: 'FunctionName' },
          ZipFile: 'Blob',
          Publish: 'Bool',
        },
      },
      UpdateFunctionConfiguration: {
        http: ['PUT', '/2015-03-31/functions/{FunctionName}/configuration'],
        in: { FunctionName: { shape: 'S', location: 'uri', locationName: 'FunctionName' }, Environment: 'Environment' },
      },
      CreateFunctionUrlConfig: { http: ['POST', '/2021-10-31/functions/{FunctionName}/url'], in: {} },
      Invoke: { http: ['POST', '/2015-03-31/functions/{FunctionName}/invocations'], in: {} },
    },
    shapes: { Environment: structure({ Variables: 'Secret' }) },
  },
  cloudformation: {
    version: '2010-05-15',
    metadata: { endpointPrefix: 'cloudformation', protocol: 'query' },
    operations: { UpdateStack: { in: { StackName: 'S', TemplateBody: 'S' }, out: {}, wrapper: 'UpdateStackResult' } },
  },
  logs: {
    version: '2014-03-28',
    metadata: { endpointPrefix: 'logs', protocol: 'json', targetPrefix: 'Logs_20140328' },
    operations: {
      PutLogEvents: { in: { logGroupName: 'S', logStreamName: 'S', logEvents: 'Events' } },
      DeleteLogGroup: { in: { logGroupName: 'S' } },
    },
    shapes: { Events: list('Event'), Event: structure({ timestamp: 'Int', message: 'S' }) },
  },
  s3: {
    version: '2006-03-01',
    metadata: { endpointPrefix: 's3', protocol: 'rest-xml' },
    operations: Object.fromEntries(
      [
        ['CreateBucket', 'PUT', '/{Bucket}'],
        ['ListBuckets', 'GET', '/'],
        ['PutBucketPolicy', 'PUT', '/{Bucket}?policy'],
        ['GetBucketPolicy', 'GET', '/{Bucket}?policy'],
        ['PutBucketAcl', 'PUT', '/{Bucket}?acl'],
        ['PutPublicAccessBlock', 'PUT', '/{Bucket}?publicAccessBlock'],
        ['DeletePublicAccessBlock', 'DELETE', '/{Bucket}?publicAccessBlock'],
        ['GetPublicAccessBlock', 'GET', '/{Bucket}?publicAccessBlock'],
        ['PutBucketLifecycle', 'PUT', '/{Bucket}?lifecycle'],
        ['PutBucketLifecycleConfiguration', 'PUT', '/{Bucket}?lifecycle'],
        ['ListObjectsV2', 'GET', '/{Bucket}?list-type=2'],
        ['PutObject', 'PUT', '/{Bucket}/{Key+}'],
        ['GetObject', 'GET', '/{Bucket}/{Key+}'],
      ].map(([name = '', method = '', uri = '']) => [name, { http: [method, uri] as [string, string], in: {} }]),
    ),
  },
  s3control: {
    version: '2018-08-20',
    metadata: { endpointPrefix: 's3-control', signingName: 's3', protocol: 'rest-xml' },
    operations: Object.fromEntries(
      ['Get', 'Put', 'Delete'].map((verb) => [
        `${verb}PublicAccessBlock`,
        { http: [verb.toUpperCase(), '/v20180820/configuration/publicAccessBlock'] as [string, string], in: {} },
      ]),
    ),
  },
  sts: {
    version: '2011-06-15',
    metadata: { endpointPrefix: 'sts', protocol: 'query' },
    operations: {
      AssumeRole: {
        in: { RoleArn: 'S', RoleSessionName: 'S' },
        out: { Credentials: 'Credentials', AssumedRoleUser: 'AssumedRoleUser' },
        wrapper: 'AssumeRoleResult',
      },
      GetCallerIdentity: { in: {}, out: {} },
    },
    shapes: {
      Credentials: structure({ AccessKeyId: 'S', SecretAccessKey: 'Secret', SessionToken: 'S', Expiration: 'Time' }),
      AssumedRoleUser: structure({ AssumedRoleId: 'S', Arn: 'S' }),
    },
  },
};

const COMMON = {
  S: { type: 'string' },
  Bool: { type: 'boolean' },
  Int: { type: 'integer' },
  Time: { type: 'timestamp' },
  Blob: { type: 'blob' },
  Strings: list('S'),
  Secret: SECRET,
};

function expand(members: Members): object {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name, typeof value === 'string' ? { shape: value } : value]),
  );
}

/** Writes the models the way botocore lays them out. @returns the folder to give to the recorder; the caller removes it. */
export function writeServiceModels(): string {
  const folder = mkdtempSync(join(tmpdir(), 'service-models-'));
  for (const [name, sketch] of Object.entries(SERVICES)) {
    const shapes: Record<string, object> = { ...COMMON, ...sketch.shapes };
    const operations: Record<string, object> = {};
    for (const [
      operation,
      { http = ['POST', '/'], in: input, out, wrapper, errors = [], required = [] },
    ] of Object.entries(sketch.operations)) {
      shapes[`${operation}Input`] = { type: 'structure', members: expand(input ?? {}), required };
      shapes[`${operation}Output`] = { type: 'structure', members: expand(out ?? {}) };
      operations[operation] = {
        name: operation,
        http: { method: http[0], requestUri: http[1] },
        ...(input && { input: { shape: `${operation}Input` } }),
        ...(out && { output: { shape: `${operation}Output`, ...(wrapper && { resultWrapper: wrapper }) } }),
        errors: errors.map((shape) => ({ shape })),
        ...(operation === 'PutBucketLifecycle' && { deprecated: true }),
      };
    }
    const metadata = {
      apiVersion: sketch.version,
      serviceId: name,
      protocols: [sketch.metadata.protocol],
      protocolSettings: { h2: 'optional' },
      ...sketch.metadata,
    };
    mkdirSync(join(folder, name, sketch.version), { recursive: true });
    writeFileSync(
      join(folder, name, sketch.version, 'service-2.json.gz'),
      gzipSync(JSON.stringify({ version: '2.0', metadata, operations, shapes })),
    );
  }
  return folder;
}
