/* PJSIP's own settings for Callboard's build. Copied to pjlib/include/pj/config_site.h before configuring. */

/* A load test or a robot carries hundreds of calls in one process; a desk uses two of them. */
#define PJSUA_MAX_CALLS 512
#define PJSUA_MAX_ACC 64
#define PJSUA_MAX_PLAYERS 512
#define PJSUA_MAX_RECORDERS 512
#define PJSUA_MAX_CONF_PORTS 2048
#define PJ_IOQUEUE_MAX_HANDLES 4096
#define PJSIP_MAX_TSX_COUNT 4095
#define PJSIP_MAX_DIALOG_COUNT 2047

/* Long INVITEs (many headers, certificates' names, ICE candidates) must not be cut off. */
#define PJSIP_MAX_PKT_LEN 16000

#define PJ_HAS_IPV6 1

/* What a program that does not choose gets; older versions of TLS are broken (RFC 8996). */
#define PJSIP_SSL_DEFAULT_PROTO (PJ_SSL_SOCK_PROTO_TLS1_2 | PJ_SSL_SOCK_PROTO_TLS1_3)

/* SRTP with AES-GCM beside AES-CM (RFC 7714). */
#define PJMEDIA_SRTP_HAS_AES_GCM_128 1
#define PJMEDIA_SRTP_HAS_AES_GCM_256 1

/* The canceller of WebRTC, which is the default as Speex's is left out; noise suppression comes with it. */
#define PJMEDIA_HAS_WEBRTC_AEC3 1
