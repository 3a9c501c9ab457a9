/** The look of the menus that open from the rack and the header. */
export const menuClass =
  'z-50 min-w-52 rounded-xl border border-line bg-panel p-1.5 text-ink shadow-xl [animation:arrive_120ms_ease-out]'
export const menuItemClass =
  'flex w-full cursor-pointer items-center gap-2.5 rounded-lg px-3 py-2 text-sm outline-none select-none data-highlighted:bg-sunken'
