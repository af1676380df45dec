import { plain } from '../../playbooks/report/words.ts';
import { command } from '../command.ts';
import { words } from '../options.ts';
import { actionStyle } from '../output/paint.ts';

/** `undo INCIDENT ACTION` */
export default command({
  name: 'undo',
  summary: 'put back what an action changed',
  about: [
    'It puts back the state that the action had captured before it changed anything, reads that back, and is mailed. It is refused where the resource was changed since, unless --force is given. It takes the managed policy PREFIX-approver; the ledger keeps your ARN and your reason.',
  ],
  arguments: [
    { name: 'INCIDENT', about: 'the incident’s id' },
    { name: 'ACTION', about: 'the action’s key, as the report names it' },
  ],
  options: {
    reason: { type: 'string', value: 'TEXT', about: 'why; the ledger and the mail have it', required: true, is: words },
    force: { type: 'boolean', about: 'also where the resource was changed since' },
  },
  examples: [
    {
      command: 'npx cordon undo trail-tampering-20260501-030012-4f1a disable-iam-user-3f9a1c --reason "was a drill"',
      about: 'let the user work again',
    },
  ],
  run: async ({ args, options, desk, out }) => {
    const { INCIDENT: incident, ACTION: key } = args;
    const status = await (await desk()).undo(incident, key, options.reason, options.force);
    if (out.json) out.value({ incident, key, status });
    else {
      const style = Object.hasOwn(actionStyle, status) ? actionStyle[status as keyof typeof actionStyle] : undefined;
      out.say(`${plain(key)} of ${plain(incident)} is ${out.paint(style, status)}.`);
    }
    return undefined;
  },
});
