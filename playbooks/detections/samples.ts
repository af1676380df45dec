import type { Sample } from '../detection.ts';
import { flowFieldsOf, readFlow } from '../flow-logs.ts';

/** Parts that the detections' samples share; every record is written by hand in the shape of real ones. */

/** An IAM user's identity. */
export const iamUser = (userName: string) => ({
  type: 'IAMUser',
  principalId: 'AIDAEXAMPLE7MALLORY77',
  arn: `arn:aws:iam::111122223333:user/${userName}`,
  accountId: '111122223333',
  accessKeyId: 'AKIAEXAMPLE7MALLORY7',
  userName,
});

/** The account's root user. */
export const root = {
  type: 'Root',
  principalId: '111122223333',
  arn: 'arn:aws:iam::111122223333:root',
  accountId: '111122223333',
  accessKeyId: 'ASIAEXAMPLE7ROOT7777',
  sessionContext: { attributes: { creationDate: '2026-05-01T02:55:00Z', mfaAuthenticated: 'false' } },
};

/** A record of a call, with what is the same in all samples. */
export const call = (
  eventSource: string,
  eventName: string,
  userIdentity: Record<string, unknown>,
  rest: Record<string, unknown> = {},
): Record<string, unknown> => ({
  eventVersion: '1.11',
  userIdentity,
  eventTime: '2026-05-01T03:00:00Z',
  eventSource,
  eventName,
  awsRegion: 'us-east-1',
  sourceIPAddress: '198.51.100.23',
  userAgent: 'aws-cli/2.17.32 md/awscrt#0.21.2 ua/2.0 os/linux lang/python#3.11.9 cfg/retry-mode#standard',
  requestParameters: null,
  responseElements: null,
  requestID: '4f2c1a66-6b0e-4f6a-9d5e-3c6f1f1e2a10',
  eventID: '9c1f7c2e-8d4b-4a63-b7a1-0f5d2f6f3b21',
  readOnly: false,
  eventType: 'AwsApiCall',
  managementEvent: true,
  recipientAccountId: '111122223333',
  eventCategory: 'Management',
  ...rest,
});

/** A console sign-in. `mfa` is what `additionalEventData.MFAUsed` says. */
export const signIn = (
  userIdentity: Record<string, unknown>,
  result: 'Success' | 'Failure',
  rest: Record<string, unknown> = {},
): Record<string, unknown> =>
  call('signin.amazonaws.com', 'ConsoleLogin', userIdentity, {
    eventType: 'AwsConsoleSignIn',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    responseElements: { ConsoleLogin: result },
    additionalEventData: {
      LoginTo: 'https://console.aws.amazon.com/console/home',
      MobileVersion: 'No',
      MFAUsed: 'No',
    },
    ...rest,
  });

/** A sample of a flow log, from the line as the log group has it. */
export const flowSample = (name: string, line: string): Sample => {
  const read = readFlow(flowFieldsOf(line), `sample ${line}`);
  if ('problem' in read) throw new TypeError(`The sample "${name}" is no flow log record: ${read.problem}`);
  return { name, record: read.record };
};
