import type { Reason } from './reason.ts'
import type { NotificationKind } from './told-recipients.ts'

/** What a text may speak of. All of it is one line, without controls, and bounded. */
export interface TextFacts {
  /** This server's name. */
  readonly host: string
  /** The queue id. */
  readonly id: string
  /** Where help is to be had. */
  readonly postmaster: string
  /** The message's subject; empty where it has none. */
  readonly subject: string
  /** When the message came, as people of the language write it. */
  readonly arrived: string
  /** How long has been tried, such as `5 days`. */
  readonly duration: string
  /** Until when is tried, where something is delayed; else empty. */
  readonly until: string
  /** The message's size, such as `12.4 MB`. */
  readonly size: string
  /** Recipients of the notification. */
  readonly recipients: number
  /** Recipients that the text leaves out. */
  readonly more: number
}

/** A text, in which `{host}` stands for the fact of that name; or a function that makes it. Long lines are wrapped. */
export type Text<Facts = TextFacts> = string | ((facts: Facts) => string)

/** What happened, and what can be done. */
export interface ReasonTexts {
  readonly what: Text
  /** Empty where there is nothing to advise. Left out where it is still tried. */
  readonly advice: Text
}

/**
 * A kind of notification; `relayed` is of successes of which it is not known that the message is in a mailbox, `lost` is for the
 * postmaster, of a message that nobody can be told of.
 */
export type TextKind = NotificationKind | 'relayed' | 'lost'

/** All that a notification says in a language. */
export interface Texts {
  /** The name in the From field. */
  readonly systemName: Text
  readonly subject: Readonly<Record<TextKind, Text>>
  /** The first paragraph. */
  readonly opening: Readonly<Record<TextKind, Text>>
  readonly labels: {
    readonly subject: Text
    readonly arrived: Text
  }
  readonly reasons: Readonly<Record<Reason, ReasonTexts>>
  /** In front of a reason where it was tried for some time. */
  readonly tried: Text
  readonly delivered: Text
  readonly relayed: Text
  readonly expanded: Text
  readonly more: Text
  /** What the last part is. */
  readonly attached: {
    readonly message: Text
    /** The whole message, for the postmaster, whose it is not. */
    readonly lost: Text
    readonly header: Text
  }
  /** The last paragraph. */
  readonly closing: Text
  readonly details: {
    readonly heading: Text
    /** What another host said follows. */
    readonly said: Text<{ readonly remote: string }>
    /** What we have to say ourselves follows. */
    readonly own: Text
    /** Of an alias. */
    readonly leadsTo: Text<{ readonly address: string }>
  }
}

/** A part of the texts, in the place of those that are shipped. */
export type TextChanges = Changes<Texts>

type Changes<Part> = Part extends string | ((facts: never) => string)
  ? Part
  : { readonly [Name in keyof Part]?: Changes<Part[Name]> }
