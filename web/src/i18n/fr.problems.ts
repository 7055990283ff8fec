import type { ProblemTexts } from './problems.ts';

export const problems: ProblemTexts = {
  // Qui l'on est
  UNAUTHENTICATED: {
    title: 'Nous ne vous reconnaissons plus',
    next: 'Votre visite a expiré. Indiquez de nouveau votre nom pour entrer.',
  },
  TICKET_INVALID: {
    title: 'Votre billet n’a pas été accepté',
    next: 'Revenez dans la salle pour en obtenir un nouveau.',
  },
  TICKET_EXPIRED: {
    title: 'Votre billet a expiré',
    next: 'Il ne valait qu’un instant. Revenez dans la salle pour en obtenir un nouveau.',
  },
  TICKET_USED: { title: 'Ce billet a déjà servi', next: 'Revenez dans la salle pour en obtenir un nouveau.' },
  CLIENT_TOO_OLD: { title: 'Cette page n’est plus à jour', next: 'Rechargez-la pour obtenir la version actuelle.' },
  SERVER_TOO_OLD: { title: 'Le serveur est en cours de mise à jour', next: 'Patientez une minute, puis revenez.' },
  // La salle
  ROOM_NOT_FOUND: {
    title: 'Il n’y a pas de salle ici',
    next: 'Vérifiez le lien, ou demandez-en un nouveau à qui vous l’a envoyé.',
  },
  ROOM_ENDED: { title: 'Cette salle est fermée', next: 'Voyez quelles salles sont en direct.' },
  ROOM_FULL: { title: 'La salle est pleine', next: 'Toutes les places sont prises. Réessayez dans une minute.' },
  BANNED: {
    title: 'Vous ne pouvez pas entrer dans cette salle',
    next: 'Un hôte vous en a exclu. Les autres salles vous restent ouvertes.',
  },
  // Ce qui a été demandé
  INVALID_PAYLOAD: { title: 'Cela n’a pas été accepté', next: 'Vérifiez votre saisie, puis réessayez.' },
  INVALID_STATE: {
    title: 'Ce n’est pas possible pour l’instant',
    next: 'La salle vient de changer. Regardez de nouveau, puis réessayez.',
  },
  NOT_ALLOWED: { title: 'Vous n’avez pas ce droit', next: 'Demandez à un hôte de le faire pour vous.' },
  NOT_FOUND: {
    title: 'Cette personne n’est plus là',
    next: 'Elle vient peut-être de partir. Réessayez si elle revient.',
  },
  STAGE_FULL: { title: 'La scène est complète', next: 'Renvoyez d’abord quelqu’un dans le public.' },
  STAGE_LOCKED: { title: 'La scène est verrouillée', next: 'Attendez qu’un hôte la déverrouille.' },
  COHOSTS_FULL: { title: 'Il y a déjà deux co-hôtes', next: 'Retirez d’abord ce rôle à l’un des deux.' },
  HANDS_FULL: { title: 'Trop de mains sont levées', next: 'Réessayez quand la file sera plus courte.' },
  RATE_LIMITED: { title: 'C’était un peu rapide', next: 'Attendez quelques secondes, puis réessayez.' },
  QUOTA_EXCEEDED: { title: 'Vous avez atteint une limite', next: 'Fermez ce qui ne vous sert plus, puis réessayez.' },
  // Le serveur
  SERVER_BUSY: {
    title: 'Plus de place pour un nouveau salon',
    next: 'Tant de salons sont en cours qu’un de plus gâterait le son de tous. Réessayez dans quelques minutes.',
  },
  UNAVAILABLE: { title: 'Le serveur ne répond pas', next: 'Vérifiez votre connexion, puis réessayez.' },
  INTERNAL: {
    title: 'Une erreur s’est produite sur le serveur',
    next: 'Elle a été enregistrée. Réessayez dans un instant.',
  },
  // Pourquoi l'on est dehors
  replaced: {
    title: 'Vous écoutez dans un autre onglet',
    next: 'L’onglet le plus récent a pris le relais. Vous pouvez continuer ici.',
  },
  removed: {
    title: 'Un hôte vous a fait sortir',
    next: 'Vous pouvez revenir ; merci de respecter les règles de la salle.',
  },
  banned: {
    title: 'Vous avez été exclu de cette salle',
    next: 'Vous ne pourrez pas y revenir. Les autres salles vous restent ouvertes.',
  },
  ended: { title: 'Cette salle est fermée', next: 'Voyez quelles salles sont en direct.' },
  restarting: { title: 'Le serveur redémarre', next: 'Cela prend quelques secondes. Revenez dans un instant.' },
  moved: { title: 'La salle change de serveur', next: 'Revenez pour la suivre.' },
  abuse: { title: 'Cette page a envoyé trop de demandes', next: 'Rechargez la page pour revenir.' },
  left: {
    title: 'Vous avez quitté la salle',
    next: 'La conversation continue. Vous pouvez revenir quand vous voulez.',
  },
  offline: { title: 'Vous êtes hors ligne', next: 'Vérifiez le Wi-Fi ou les données mobiles, puis réessayez.' },
  socketBlocked: {
    title: 'Votre réseau bloque les connexions en direct',
    next: 'Le serveur répond, mais aucune connexion WebSocket n’aboutit. Essayez un autre réseau, par exemple les données mobiles, coupez VPN ou proxy, ou demandez à votre administrateur réseau d’autoriser les WebSockets vers ce site.',
  },
  unsupported: {
    title: 'Ce navigateur ne peut pas diffuser le son en direct',
    next: 'WebRTC lui manque, ou est désactivé dans ses réglages. Ouvrez le lien dans une version récente de Firefox, Chrome, Edge ou Safari.',
  },
  // Le micro
  micDenied: {
    title: 'Le micro est bloqué',
    next: 'Cliquez sur l’icône à gauche de l’adresse, autorisez le micro pour ce site, puis réessayez.',
  },
  micMissing: { title: 'Aucun micro trouvé', next: 'Branchez-en un ou connectez votre casque, puis réessayez.' },
  micBusy: {
    title: 'Une autre application utilise le micro',
    next: 'Fermez les appels et les enregistreurs, puis réessayez.',
  },
  micInsecure: {
    title: 'Cette page n’est pas sécurisée',
    next: 'Les navigateurs ne donnent le micro qu’en https. Ouvrez cette page avec une adresse https://.',
  },
  micUnloaded: {
    title: 'Une partie de cette page manque',
    next: 'Vérifiez votre connexion et réessayez. Si la page a été mise à jour entre-temps, rechargez-la.',
  },
  micFailed: {
    title: 'Le micro n’a pas démarré',
    next: 'Choisissez-en un autre, ou débranchez-le puis rebranchez-le.',
  },
};
