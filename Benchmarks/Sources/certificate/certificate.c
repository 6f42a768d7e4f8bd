// Preloaded into the load generator, which has no option for it: every TLS connection presents the certificate whose PEM files CERTIFICATE and KEY name.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { pem = 1 };

void *SSL_CTX_new(const void *method) {
    void *(*make)(const void *) = (void *(*)(const void *))dlsym(RTLD_NEXT, "SSL_CTX_new");
    int (*use_certificate)(void *, const char *, int) = (int (*)(void *, const char *, int))dlsym(RTLD_NEXT, "SSL_CTX_use_certificate_file");
    int (*use_key)(void *, const char *, int) = (int (*)(void *, const char *, int))dlsym(RTLD_NEXT, "SSL_CTX_use_PrivateKey_file");
    void *context = make(method);
    if (use_certificate(context, getenv("CERTIFICATE"), pem) != 1 || use_key(context, getenv("KEY"), pem) != 1) {
        fputs("The certificate or its key cannot be read.\n", stderr);
        exit(1);
    }
    return context;
}
