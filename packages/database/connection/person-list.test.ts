import { NOBODY, personArray, personListOf } from './person-list';

const ANNA = '01890a5d-ac96-774b-bcce-b302099a8057';
const BEN = '01890a5d-ac96-774b-bcce-b302099a8058';

describe('a list of people', () => {
  it('knows who is in it, by whole ids', () => {
    const list = personListOf(`{${ANNA},${BEN}}`);
    expect(list.ids()).toEqual([ANNA, BEN]);
    expect([ANNA, BEN, ANNA.slice(0, 8), ''].map(list.has)).toEqual([true, true, false, false]);
  });

  it('holds nobody where a statement found nobody', () => {
    for (const list of [NOBODY, personListOf('{}'), personListOf(null)]) {
      expect([list.isEmpty, list.ids(), list.has(''), personArray(list)]).toEqual([true, [], false, '{}']);
    }
  });

  it('holds the people of two lists once', () => {
    const both = personListOf(`{${ANNA}}`).union(personListOf(`{${BEN},${ANNA}}`));
    expect(personArray(both)).toBe(`{${ANNA},${BEN}}`);
    expect(both.isEmpty).toBe(false);
    expect(personArray(both.union(NOBODY))).toBe(personArray(NOBODY.union(both)));
  });
});
