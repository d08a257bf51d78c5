import { type ButtonView, vkButton } from './buttons.ts';
import { isObject, listOf, objectOf, textOf } from './wire-values.ts';

/** A card of a carousel. */
export interface CardView {
  title: string;
  description: string;
  /** As the group named it, such as `-1_457239017`. */
  photoId: string | null;
  /** Of the card itself. */
  link: string | null;
  buttons: ButtonView[];
}

/** The `template` of a VK message, empty where it is no carousel: contracts/vk.md 3.3. */
export function cardViews(template: unknown): CardView[] {
  return listOf(objectOf(template)['elements'])
    .filter(isObject)
    .map((element) => ({
      title: textOf(element['title']),
      description: textOf(element['description']),
      photoId: textOf(element['photo_id']) || null,
      link: textOf(objectOf(element['action'])['link']) || null,
      buttons: listOf(element['buttons']).filter(isObject).map(vkButton),
    }));
}
