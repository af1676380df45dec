import { filledIn, holds, isLike, type RequestContext, UnknownOperator } from './conditions.ts';

/** The policies of one kind, as JSON texts: of these, one must allow a call. */
export interface PolicyLayer {
  /** As IAM's refusals name it. */
  kind: 'identity-based policy' | 'permissions boundary' | 'session policy';
  documents: string[];
}

/** Whether a call is allowed; when not, why, as the end of IAM's sentence has it. */
export type Decision = { allowed: true } | { allowed: false; because: string };

/**
 * Decides on a call within one account by its principal's policies: a matching Deny anywhere refuses; otherwise every kind of policy that
 * applies must allow.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * @param action `s3:GetAccountPublicAccessBlock`
 * @param resource its ARN, or `*` for an action without resource types
 */
export function decide(layers: PolicyLayer[], action: string, resource: string, context: RequestContext): Decision {
  const matching = (layer: PolicyLayer, effect: 'Allow' | 'Deny') =>
    layer.documents.flatMap(statements).some((statement) => matches(statement, effect, action, resource, context));
  const denying = layers.find((layer) => matching(layer, 'Deny'));
  if (denying) return { allowed: false, because: `with an explicit deny in ${withArticle(denying.kind)}` };
  const silent = layers.find((layer) => !matching(layer, 'Allow'));
  if (silent) return { allowed: false, because: `because no ${silent.kind} allows the ${action} action` };
  return { allowed: true };
}

const withArticle = (kind: PolicyLayer['kind']): string => (kind.startsWith('i') ? `an ${kind}` : `a ${kind}`);

interface Statement {
  Effect?: unknown;
  Action?: unknown;
  NotAction?: unknown;
  Resource?: unknown;
  NotResource?: unknown;
  Condition?: unknown;
}

function statements(document: string): Statement[] {
  const { Statement: found } = JSON.parse(document) as { Statement?: Statement | Statement[] };
  return list(found);
}

function matches(
  statement: Statement,
  effect: 'Allow' | 'Deny',
  action: string,
  resource: string,
  context: RequestContext,
): boolean {
  if (statement.Effect !== effect) return false;
  const named = (patterns: unknown) =>
    list(patterns).some((pattern) => isLike(action.toLowerCase(), String(pattern).toLowerCase()));
  const covered = (patterns: unknown) =>
    list(patterns).some((pattern) => isLike(resource, filledIn(String(pattern), context)));
  if (statement.Action !== undefined ? !named(statement.Action) : named(statement.NotAction)) return false;
  if (statement.Resource !== undefined ? !covered(statement.Resource) : covered(statement.NotResource)) return false;
  try {
    return holds(statement.Condition, context);
  } catch (error) {
    // What cannot be judged must not open anything.
    if (error instanceof UnknownOperator) return effect === 'Deny';
    throw error;
  }
}

function list<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
