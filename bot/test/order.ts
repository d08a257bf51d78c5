/** A shop's order, for tests of what may happen on the way. */
export const ORDER = `
rules:
  - {name: order, when: {keywords: [заказ]}, do: [{goto: order}]}
  - {name: hours, when: {keywords: {any: [часы работы]}}, reply: С 10 до 23.}
  - {name: reset, when: {start: true}, reply: Здравствуйте!}
scenarios:
  order:
    - id: what
      choice: {text: Что привезти?, save: what, options: [Маргарита, {label: Пепперони, value: pepperoni, words: [острую]}]}
    - id: count
      ask: {text: 'Сколько {{ what }}?', type: number, save: count, validate: {min: 1, max: 20}, retries: 1}
    - if: {all: [{field: count, op: more, value: 5}, {not: {field: labels, op: contains, value: vip}}]}
      then: big
    - id: phone
      ask: {text: Телефон?, type: phone, save: phone, timeout: 30m, onTimeout: late, contactButton: Мой номер}
    - say: 'Везём {{ count }} шт. Позвоним: {{ phone }}'
    - label: ordered
    - end: true
    - id: big
      handoff: {team: sales, note: 'Заказ на {{ count }}'}
    - id: late
      say: Напишите, когда будет удобно.
`;
