import * as z from 'zod';
import type { Cursor } from '../handlers/incidents/pages.ts';
import { severities } from '../playbooks/detection.ts';

/** The ways an incident can stand, as the filter offers them. */
export const statuses = ['open', 'handed-over', 'closed'] as const;

/** What an address cannot say sensibly is taken for not said: a filter is no reason to refuse a page. */
const known = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

const query = z.object({
  status: known(z.enum(statuses)),
  severity: known(z.enum(severities)),
  detection: known(z.string().regex(/^[a-z0-9-]{1,80}$/)),
  after: known(
    z
      .string()
      .regex(/^[0-9T:.Z-]{20,30}~[\w.-]{1,200}$/)
      .transform((text): Cursor => {
        const [openedAt = '', id = ''] = text.split('~');
        return { openedAt, id };
      }),
  ),
});

/** Which page of the list is wanted. */
export type Filter = z.infer<typeof query>;

/** Reads the filter from an address. */
export const filterOf = (parameters: Record<string, string>): Filter => query.parse(parameters);

/** The address of a page of the list. */
export function pathOf({ after, ...filter }: Partial<Filter>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value) parameters.set(name, value);
  if (after) parameters.set('after', `${after.openedAt}~${after.id}`);
  const text = parameters.toString();
  return text ? `/?${text}` : '/';
}
