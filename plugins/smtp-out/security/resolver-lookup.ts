import type { LookupFunction } from 'node:net'
import type { Resolver } from 'mailwright'

/** Looks a name up where all other names of mail are looked up; addresses that `mayReach` does not want do not count. */
export function lookupBy(
  resolver: Resolver,
  mayReach: (address: string) => boolean = () => true,
): LookupFunction {
  return (host, { all }, callback) => {
    void Promise.all(
      ([4, 6] as const).map(async (family) => ({ family, answer: await resolver.addresses(host, family) })),
    )
      .then((answers) =>
        answers.flatMap(({ family, answer }) =>
          answer.kind === 'found'
            ? answer.records.filter(mayReach).map((address) => ({ address, family }))
            : [],
        ),
      )
      .then(
        (found) => {
          const [first] = found
          if (first === undefined)
            callback(new Error(`${host} has no address, or none that may be asked`), '')
          else if (all === true) callback(null, found)
          else callback(null, first.address, first.family)
        },
        (error) => callback(error, ''),
      )
  }
}
