import { foldedNeedle, mayContain } from 'mailwright/search'
import type { SideValues } from './side-values.ts'

/** Messages that may hold a folded text; those that are left out do not. */
export async function textCandidates(
  signatures: SideValues<Buffer>,
  uids: readonly number[],
  text: string,
): Promise<readonly number[]> {
  const needle = foldedNeedle(text)
  const candidates: number[] = []
  for await (const group of signatures.read(uids))
    for (const [uid, signature] of group) if (mayContain(signature, needle)) candidates.push(uid)
  return candidates
}
