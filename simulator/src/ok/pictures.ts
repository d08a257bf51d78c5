import type { FastifyInstance } from 'fastify';
import type { World } from '../world/world.ts';

const COLOURS = ['#c2410c', '#15803d', '#1d4ed8', '#7e22ce', '#be185d', '#0f766e'] as const;

/** Pictures of people and groups at `pictures/{id}`: their initials on a ground of their own colour. */
export function addPictures(scope: FastifyInstance, world: World): void {
  scope.get<{ Params: { id: string } }>('/pictures/:id', (request, reply) => {
    const { id } = request.params;
    const person = world.people.byId('ok', id);
    const group = person === null ? world.groups.byId('ok', id) : null;
    if (person === null && group === null) return reply.code(404).type('text/plain').send('There is nobody with this id');
    const initials =
      person === null ? (group?.name ?? '').slice(0, 1) : person.firstName.slice(0, 1) + person.lastName.slice(0, 1);
    const colour = COLOURS[Number(id) % COLOURS.length] ?? COLOURS[0];
    return reply
      .type('image/svg+xml')
      .send(
        `<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128"><rect width="128" height="128" fill="${colour}"/>` +
          `<text x="64" y="82" font-family="sans-serif" font-size="52" fill="#fff" text-anchor="middle">${initials}</text></svg>`,
      );
  });
}
