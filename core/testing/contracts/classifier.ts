import { type ClassifierFixture, classifierContractCases, classifierHas } from './classifier-cases.ts'
import { bindContract, type ContractCase, selectCases } from './contract.ts'

export interface ClassifierContractOptions {
  /** What the suite is called: the plugin's name. */
  readonly name: string
  /** Makes a classifier that has learned nothing. Called for every case, and once beforehand. */
  create(): Promise<ClassifierFixture>
}

/** The cases that apply to a classifier, by what it supports. */
export function classifierCases(probe: ClassifierFixture): readonly ContractCase<ClassifierFixture>[] {
  return selectCases(classifierContractCases, classifierHas, probe)
}

/** The contract suite of the `classifier` service. It asks for learning, not for cleverness. */
export function classifierContract(options: ClassifierContractOptions): void {
  bindContract(`${options.name}: the classifier contract`, () => options.create(), classifierCases)
}
