export default {
  index: 'Introduction',
  guide: { title: 'Guide' },
}
