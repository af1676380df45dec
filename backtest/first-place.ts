/** The first of so many places for which a test holds that holds for all behind it as well; `length` where it holds for none. */
export function firstPlace(length: number, holds: (n: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
