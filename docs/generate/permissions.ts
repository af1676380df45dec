import { plural } from '../../playbooks/report/words.ts';
import { conditionWords } from './calls.ts';
import { code, codes, document, paragraph, table } from './markdown.ts';
import { type DeployedRole, deployedRoles, type RoleStatement } from './roles.ts';

/** Kinds of roles by who assumes them, in the order of the document. */
const KINDS: [service: string, heading: string, what: string][] = [
  [
    'lambda.amazonaws.com',
    'Functions',
    'Each function has a role of its own. A role that contains cannot undo, and the other way round.',
  ],
  [
    'states.amazonaws.com',
    'State machines',
    'They call functions and mail their own failure. The machine that undoes can call nothing that contains.',
  ],
  ['events.amazonaws.com', 'Rules', 'Each starts its one playbook.'],
];

/** Every role of a deployment and all that it may do, read from the templates. */
export function permissionsTable(roles: DeployedRole[] = deployedRoles()): string {
  const services = KINDS.map(([service]) => service);
  const policies = roles.filter(({ trusts }) => trusts.length === 0);
  const others = roles.filter((role) => !policies.includes(role) && !role.trusts.some((one) => services.includes(one)));
  return document([
    '# The permissions of every role',
    '',
    ...paragraph(
      `The stacks make ${plural(roles.length - policies.length, 'role')} and ${policies.length} managed ${policies.length === 1 ? 'policy' : 'policies'}, and no user or group. This is read from the templates, with the default names and with the setting ${code('organizationRole')}, without which nothing may assume that role. Nobody but the named service may assume a role. ${code('ACCOUNT')} and ${code('REGION')} are those of the deployment.`,
    ),
    ...KINDS.flatMap(([service, heading, what]) =>
      section(
        heading,
        what,
        roles.filter(({ trusts }) => trusts.includes(service)),
      ),
    ),
    ...section('Others', 'They deliver the trail, and help CloudFormation.', others),
    ...section('Managed policies', 'For people: nothing of cordon has them.', policies),
  ]);
}

function section(heading: string, what: string, roles: DeployedRole[]): string[] {
  if (roles.length === 0) return [];
  const services = new Set(roles.flatMap(({ trusts }) => trusts));
  return [
    `## ${heading}`,
    '',
    ...paragraph(what, ...(services.size > 0 ? [`Assumed by ${codes(services)}.`] : [])),
    ...roles.flatMap(({ name, description, statements }) => [
      `### ${name}`,
      '',
      ...(description ? paragraph(`${description}.`) : []),
      ...table(
        ['May call', 'On'],
        statements.map((statement) => [effectWords(statement) + codes(statement.actions), resourceWords(statement)]),
      ),
    ]),
  ];
}

const effectWords = ({ effect }: RoleStatement): string => (effect === 'Allow' ? '' : `**${effect}** `);

const resourceWords = ({ resources, condition }: RoleStatement): string =>
  codes(resources) + (condition ? `, if ${conditionWords(condition)}` : '');
