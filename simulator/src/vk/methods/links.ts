import { refuse, respond } from '../vk-errors.ts';
import { definePublicMethod, type VkMethods } from '../vk-method.ts';

const getShortLink = definePublicMethod(
  { url: { type: 'text', required: true }, private: { type: 'boolean', default: false } },
  (values, { network: { world } }) => {
    if (!URL.canParse(values.url)) return refuse(100, 'url is invalid');
    const key = world.ids.hex(6);
    const secret = values.private ? { access_key: world.ids.hex(18) } : {};
    return respond({ short_url: `https://vk.cc/${key}`, key, url: values.url, ...secret });
  },
);

/** The simulated VK has forbidden no page. */
const checkLink = definePublicMethod({ url: { type: 'text', required: true } }, ({ url }) =>
  respond({ link: url, status: 'not_banned' }),
);

/** Links that bots send. Source: the schema. */
export const LINK_METHODS: VkMethods = {
  'utils.getShortLink': getShortLink,
  'utils.checkLink': checkLink,
};
