// Shows what is told to this device, also while no page is open. Each channel has a registration of its own.
self.addEventListener('push', (event) => {
  const { id, subject, text, link } = event.data.json()
  // One that comes twice is shown once.
  event.waitUntil(self.registration.showNotification(subject, { body: text, tag: id, data: { link } }))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  event.waitUntil(self.clients.openWindow(event.notification.data.link ?? '/console/tasks'))
})
