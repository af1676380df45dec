import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import { marks } from '../../playbooks/figures.ts';
import { type Context, lambdaContext } from '../context.ts';
import { AnswerRefused, CordonError, errorText, InvalidInput } from '../errors.ts';
import { useLedger } from '../permissions.ts';
import { endWaitingPermissions, startWaitingPermissions } from '../questions/wait.ts';
import { answerPermissions, give } from './give.ts';
import { markIncident } from './mark.ts';
import { startUndo, startUndoPermissions } from './undo.ts';

const note = z.string().trim().min(1, 'must say something').max(2000);
const about = { incidentId: z.string().min(1).max(200), key: z.string().min(1).max(200) };

/** What can be sent: an answer to a question, the wish to undo an action, or what an incident turned out to be. */
const body = z.discriminatedUnion('answer', [
  z.strictObject({ answer: z.enum(['approve', 'reject', 'done', 'skip']), ...about, note }),
  z.strictObject({ answer: z.literal('undo'), ...about, note, force: z.boolean().default(false) }),
  z.strictObject({ answer: z.literal('mark'), incidentId: about.incidentId, mark: z.enum(marks), note }),
]);

/**
 * What API Gateway says of a call that IAM has let through. The caller stands here, where nobody but AWS writes, and is
 * never taken from the body.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
const event = z.looseObject({
  requestContext: z.looseObject({
    http: z.looseObject({ sourceIp: z.string() }),
    authorizer: z.looseObject({ iam: z.looseObject({ userArn: z.string().startsWith('arn:') }) }),
  }),
  body: z.string(),
  isBase64Encoded: z.boolean().optional(),
});

/** Who answers, as AWS has authenticated it, and from where. */
export interface Caller {
  arn: string;
  from: string;
}

/** Takes an analyst's answer. The statuses: 400 not readable, 403 not theirs to answer, 404 not asked, 409 settled already. */
export async function answer(request: unknown, context: Context): Promise<APIGatewayProxyStructuredResultV2> {
  try {
    const { data: read, error } = event.safeParse(request);
    if (error) throw new InvalidInput(`The request is not usable. ${z.prettifyError(error)}`);
    const { http, authorizer } = read.requestContext;
    const caller: Caller = { arn: authorizer.iam.userArn, from: http.sourceIp };
    const text = read.isBase64Encoded ? Buffer.from(read.body, 'base64').toString('utf8') : read.body;
    const given = body.safeParse(parsed(text));
    if (given.error) throw new InvalidInput(`The answer is not usable. ${z.prettifyError(given.error)}`);
    const { data } = given;
    context.log.appendKeys({ incidentId: data.incidentId });
    const result = await take(data, caller, context);
    context.log.info('answered', { ...data, by: caller.arn, from: caller.from });
    return reply(200, result);
  } catch (error) {
    if (error instanceof CordonError) {
      context.log.warn('answer refused', { error: errorText(error) });
      return reply(statusOf(error), { error: error.name, message: error.message });
    }
    context.log.error('an answer could not be taken', { error: errorText(error) });
    const message = 'The answer could not be taken: it is not written down. Try again; the log has the reason.';
    return reply(500, { error: 'InternalError', message });
  }
}

async function take(data: z.infer<typeof body>, caller: Caller, context: Context): Promise<object> {
  if (data.answer === 'undo') return startUndo(data, caller, context);
  if (data.answer === 'mark') return markIncident(data, caller, context);
  return give(data, caller, context);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidInput('The body is no JSON.');
  }
}

function statusOf(error: CordonError): number {
  if (error instanceof AnswerRefused) return error.because === 'settled' ? 409 : 403;
  return error.name === 'NotInLedger' ? 404 : 400;
}

const reply = (statusCode: number, content: object): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(content),
});

export const permissions = [
  useLedger,
  startWaitingPermissions,
  endWaitingPermissions,
  startUndoPermissions,
  ...answerPermissions,
];
export const handler = (request: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
  const context = lambdaContext();
  context.log.resetKeys();
  return answer(request, context);
};
