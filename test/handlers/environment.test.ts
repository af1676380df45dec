import { describe, expect, it } from 'vitest';
import { clientSource } from '../../handlers/context.ts';
import { readEnvironment } from '../../handlers/environment.ts';
import { errorName, errorText, InvalidInput } from '../../handlers/errors.ts';
import { defaultOptions } from '../../playbooks/options.ts';
import { defaultQuestionTimes } from '../../playbooks/question-times.ts';

const variables = {
  CORDON_ACCOUNT: '111122223333',
  CORDON_PREFIX: 'cordon',
  CORDON_TABLE: 'cordon-ledger',
  CORDON_TOPIC: 'arn:aws:sns:us-east-1:111122223333:cordon-mails',
  CORDON_ESCALATION_TOPIC: 'arn:aws:sns:us-east-1:111122223333:cordon-escalations',
  CORDON_BUS: 'cordon-incidents',
  CORDON_EVIDENCE: 'cordon-evidence',
  CORDON_LOG_GROUP: '/aws/cloudtrail/cordon',
  CORDON_TRAIL_PARTS: '{"bucket":"records"}',
  CORDON_PACKS: '["cis"]',
  CORDON_OWN_ROLES: '["cordon-claim"]',
  CORDON_PROTECTED: '[]',
  CORDON_MODE: 'auto',
  CORDON_MODES: '{"root-usage":"monitor"}',
  CORDON_CAP: '10',
  CORDON_OPTIONS: JSON.stringify(defaultOptions),
  CORDON_QUESTIONS: JSON.stringify(defaultQuestionTimes),
  AWS_REGION: 'us-east-1',
};

describe('readEnvironment', () => {
  it('reads what the deployment tells', () => {
    expect(readEnvironment(variables)).toMatchObject({
      account: '111122223333',
      region: 'us-east-1',
      packs: ['cis'],
      ownRoles: ['cordon-claim'],
      protectedPrincipals: [],
      options: defaultOptions,
    });
  });

  it('takes the address of the runbooks where there is one', () => {
    const runbooks = 'https://git.example.com/runbooks';

    expect(readEnvironment({ ...variables, CORDON_RUNBOOKS: runbooks }).runbooks).toBe(runbooks);
    expect(readEnvironment(variables)).not.toHaveProperty('runbooks');
    expect(() => readEnvironment({ ...variables, CORDON_RUNBOOKS: 'runbooks' })).toThrow(/at CORDON_RUNBOOKS/);
  });

  it('names every variable that is missing or wrong, at once', () => {
    const reading = () =>
      readEnvironment({ CORDON_ACCOUNT: '1', CORDON_OWN_ROLES: 'cordon-claim', CORDON_PROTECTED: '{}' });

    expect(reading).toThrow(InvalidInput);
    for (const name of Object.keys(variables)) expect(reading).toThrow(new RegExp(`at ${name}`));
    expect(reading).toThrow(/must be a JSON list/);
  });
});

describe('clientSource', () => {
  class Client {
    readonly region: string;
    constructor({ region }: { region: string }) {
      this.region = region;
    }
  }

  it('makes one client for each service and region', () => {
    const client = clientSource('us-east-1');

    expect(client(Client)).toBe(client(Client, 'us-east-1'));
    expect(client(Client, 'eu-west-1').region).toBe('eu-west-1');
    expect(client(Client, 'eu-west-1')).not.toBe(client(Client));
  });
});

describe('errors', () => {
  it('are said on one line, whatever was thrown', () => {
    expect(errorText(new InvalidInput('two\nlines'))).toBe('InvalidInput: two lines');
    expect([errorText('text'), errorText(undefined)]).toEqual(['text', 'undefined']);
    expect([errorName(new TypeError('x')), errorName(7)]).toEqual(['TypeError', 'number']);
  });
});
