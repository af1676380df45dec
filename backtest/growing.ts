/** Numbers with room for `length` of them, which is more. */
export function grown<T extends Float64Array | Int32Array>(numbers: T, length: number): T {
  const larger = new (numbers.constructor as new (length: number) => T)(length);
  larger.set(numbers);
  return larger;
}
