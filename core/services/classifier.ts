import type { Account } from '../model/account.ts'
import type { Message } from '../model/message.ts'
import { type ServiceKey, serviceKey } from './key.ts'

export interface ClassifierAbilities {
  /** Learns from `train`. */
  readonly trains: boolean
  /** Keeps what it learned for one account apart from the others. */
  readonly perAccount: boolean
  /** What was learned outlives the process. */
  readonly persistent: boolean
}

export interface Classification {
  /** 0 (surely ham) to 1 (surely spam); 0.5 is "cannot say". */
  readonly probability: number
  /** What spoke most for and against, for people. */
  readonly evidence: readonly string[]
}

export interface ClassifierStatistics {
  readonly spam: number
  readonly ham: number
}

/** Scores and learns messages. */
export interface Classifier {
  readonly supports: ClassifierAbilities
  classify(message: Message, account?: Account): Promise<Classification>
  /** Learning the same message again as the same kind changes nothing; as the other kind it takes back the first. */
  train(message: Message, kind: 'spam' | 'ham', account?: Account): Promise<void>
  /** Takes back what was learned from a message. */
  forget(message: Message, account?: Account): Promise<void>
  statistics(account?: Account): Promise<ClassifierStatistics>
}

export const classifier: ServiceKey<Classifier> = serviceKey('classifier', 'spam scores by learning', [
  'memory',
])
