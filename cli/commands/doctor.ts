import type { Finding } from '../../handlers/installation/check.ts';
import { checks } from '../../handlers/installation/checks.ts';
import { readInstallation } from '../../handlers/installation/installation.ts';
import { plain } from '../../playbooks/report/words.ts';
import { carryOut } from '../carry-out.ts';
import { command } from '../command.ts';
import type { Style } from '../output/paint.ts';
import { wrap } from '../output/table.ts';

const look: Record<Finding['state'], { mark: string; style: Style }> = {
  ok: { mark: 'ok', style: 'good' },
  todo: { mark: 'TO DO', style: 'bad' },
  info: { mark: '-', style: 'quiet' },
};

/** `doctor` */
export default command({
  name: 'doctor',
  summary: 'check a live installation: each line ok, or what to do',
  about: [
    'It goes an incident’s way: trail, metric filters, alarms, who is mailed, rules, playbooks and their functions, roles, ledger, baselines, what could not be delivered, what nobody answers, whether a canary came through. What is there is compared with what was deployed, by the stacks’ own templates, and with this catalog’s samples. It only reads, and the managed policy PREFIX-reader allows all of it.',
  ],
  examples: [
    { command: 'npx cordon doctor', about: 'is all well?' },
    {
      command: 'npx cordon doctor --json | jq \'.[] | select(.state == "todo")\'',
      about: 'what is not, in a pipeline',
    },
  ],
  exits: { problems: 'something is to be done' },
  run: async ({ desk, out }) => {
    const now = new Date();
    const installation = await readInstallation(await desk());
    const results = await Promise.all(
      checks.map(async (check) => ({ id: check.id, found: await carryOut(check, installation, now) })),
    );
    const all = results.flatMap(({ id, found }) => found.map((finding) => ({ check: id, ...finding })));
    const problems = all.filter(({ state }) => state === 'todo').length;
    if (out.json) {
      out.value(all);
      return problems > 0 ? 'problems' : undefined;
    }
    const width = Math.max(...checks.map(({ id }) => id.length));
    const indent = ' '.repeat(width + 9);
    for (const { check, state, says, todo = [] } of all) {
      const { mark, style } = look[state];
      const [first = '', ...more] = wrap(plain(says), (out.size?.columns ?? 120) - indent.length);
      out.say(`${out.paint(style, mark.padEnd(5))}  ${check.padEnd(width)}  ${first}`);
      for (const line of more) out.say(`${indent}${line}`);
      // Commands are left whole: they are to be copied.
      for (const line of todo) out.say(`${indent}${out.paint('info', plain(line))}`);
    }
    out.say('');
    out.say(problems === 0 ? out.paint('good', 'All is well.') : out.paint('bad', `${problems} to do.`));
    return problems > 0 ? 'problems' : undefined;
  },
});
