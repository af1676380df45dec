import { command } from '../command.ts';
import { showRunbook } from '../runbook.ts';

/** `runbook [ID]` */
export default command({
  name: 'runbook',
  summary: 'what a playbook does, and what is left to you',
  arguments: [
    {
      name: 'ID',
      about: 'of a playbook, a detection or an incident; without it, the runbooks are listed',
      optional: true,
    },
  ],
  examples: [
    { command: 'npx cordon runbook', about: 'which there are' },
    { command: 'npx cordon runbook trail-tampering-20260501-030012-4f1a', about: 'what to do about this incident' },
    { command: 'npx cordon runbook restore-trail | less -R', about: 'page by page' },
  ],
  run: async ({ args, out }) => {
    out.say(showRunbook(args.ID, out.json));
    return undefined;
  },
});
