import { deliveryStory } from './delivery.ts'
import { messagesStory } from './messages.ts'
import { quotaStory } from './quota.ts'
import { refreshStory } from './refresh.ts'
import type { Story } from './story.ts'
import { syncStory } from './sync.ts'

/** Every story, in the order in which they are played. */
export const stories: readonly Story[] = [refreshStory, syncStory, quotaStory, deliveryStory, messagesStory]

export function storyOf(name: string): Story {
  const story = stories.find((one) => one.name === name)
  if (!story) throw new Error(`There is no story ${name}. There are: ${stories.map((one) => one.name).join(', ')}.`)
  return story
}
