import type { Story, StoryStep } from '../counterexample/story.ts'
import { errnoText } from '../scenario/errno-names.ts'

/** A story as lines of plain text: each step with who does what, what it changes, and what is wrong. */
export function storyLines({ tasks, steps, why }: Story): string[] {
  const there = tasks.length === 0 ? [] : [`There are the tasks ${tasks.join(', ')}.`]
  return [...there, ...steps.flatMap(stepLines), why]
}

function stepLines(step: StoryStep, n: number): string[] {
  return [
    `${n + 1}. ${stepTitleOf(step)}`,
    ...step.changes.map((line) => `     ${line}`),
    ...step.wrong.map((text) => `   ✗ ${text}`)
  ]
}

/** Who does what in a step, and how it is refused. */
export function stepTitleOf({ who, what, errno }: StoryStep): string {
  // What tasks and the kernel's works do says by itself who they are.
  const does = who === 'an administrator' ? `an administrator: ${what}` : what
  return `${does}${errno === 0 ? '' : ` (refused with ${errnoText(errno)})`}`
}
