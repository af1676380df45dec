import { describe, expect, it } from 'vitest';
import { subjects } from '../../../bench/contain/subjects.ts';
import { actions } from '../../../handlers/actions/catalog.ts';
import { detections, responseOf } from '../../../playbooks/catalog.ts';
import { attacks } from '../../../simulate/catalog.ts';

describe('what is measured', () => {
  it('is the playbook of every detection that an attack is there for', () => {
    expect(subjects.map(({ detection }) => detection).sort()).toEqual(attacks.map(({ detection }) => detection).sort());
  });

  it.each(subjects.flatMap(({ detection, action }) => (action ? [[detection, action.id] as const] : [])))(
    'of %s is an action of its playbook that contains: %s',
    (detection, id) => {
      const { restore, contain } = responseOf(detections[detection]?.response ?? '');

      expect([...restore, ...contain].map(({ action }) => action)).toContain(id);
      expect(actions[id]?.contains).toBe(true);
    },
  );

  it('leaves out an action only where the attack’s incident is not contained', () => {
    const expected = (of: string) => attacks.find(({ detection }) => detection === of)?.expected.outcome;
    for (const { detection, action } of subjects) {
      expect([detection, action !== undefined]).toEqual([detection, expected(detection) === 'contained']);
    }
  });
});
