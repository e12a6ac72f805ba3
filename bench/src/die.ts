/** Numbers from 0 up to 1, the same for the same seed (Park and Miller 1988). */
export function dieFrom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
