import './ui/valid-language.ts'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { openQueries } from './data/patchbay.tsx'
import { router } from './routes.tsx'
import './styles.css'
import { HintProvider } from './ui/relative-time.tsx'
import { applyTheme, chosenTheme } from './ui/theme.ts'
import { ToastProvider } from './ui/toast.tsx'

applyTheme(chosenTheme())
const queries = openQueries(() => void queries.invalidateQueries({ queryKey: ['me'] }))

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <HintProvider delayDuration={250}>
        <ToastProvider>
          <RouterProvider router={router} />
        </ToastProvider>
      </HintProvider>
    </QueryClientProvider>
  </StrictMode>,
)
