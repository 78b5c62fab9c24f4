import { type Afterwards, withAfterwards } from './afterwards';

describe('withAfterwards', () => {
  it('tells all that registered once, in their order, and gives the result on', async () => {
    const told: string[] = [];
    const result = await withAfterwards(async (afterwards) => {
      for (const name of ['a', 'b']) afterwards((hasCommitted) => told.push(`${name} ${hasCommitted}`));
      return 7;
    });
    expect([result, told]).toEqual([7, ['a true', 'b true']]);
  });

  it('tells of a failure, and throws it', async () => {
    const told: boolean[] = [];
    const failed = withAfterwards(async (afterwards) => {
      afterwards((hasCommitted) => told.push(hasCommitted));
      throw new Error('rolled back');
    });
    await expect(failed).rejects.toThrow('rolled back');
    expect(told).toEqual([false]);
  });

  it('tells who registers after the end that nothing of theirs has committed', async () => {
    let kept: Afterwards | null = null;
    await withAfterwards(async (afterwards) => {
      kept = afterwards;
    });
    const told: boolean[] = [];
    const late: Afterwards = kept ?? (() => undefined);
    late((hasCommitted) => told.push(hasCommitted));
    expect(told).toEqual([false]);
  });
});
