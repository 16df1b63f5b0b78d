/* json.c - a moment as JSON. */
#include "json.h"

#include "text.h"

#include <sys/shm.h>

static json_t *number(long long value)
{
    return json_integer((json_int_t)value);
}

/* A text, or null where it is empty. */
static json_t *text_or_null(const char *text)
{
    return *text ? json_string(text) : json_null();
}

static json_t *of_attachment(const struct attachment *attachment)
{
    char address[24];
    json_t *object = json_object();

    snprintf(address, sizeof address, "0x%lx", (unsigned long)attachment->address);
    json_object_set_new(object, "pid", number(attachment->pid));
    json_object_set_new(object, "name", json_string(attachment->name));
    json_object_set_new(object, "terminal", text_or_null(attachment->terminal));
    json_object_set_new(object, "address", json_string(address));
    json_object_set_new(object, "bytes", number((long long)attachment->bytes));
    json_object_set_new(object, "access", json_string(access_word(attachment->access)));
    json_object_set_new(object, "pieces", number(attachment->pieces));
    json_object_set_new(object, "shares_memory_with",
                        attachment->shares ? number(attachment->shares) : json_null());
    return object;
}

static json_t *attachments_of(const struct moment *moment, int id)
{
    json_t *list = json_array();
    for (size_t i = 0; i < moment->count; i++)
        if (moment->attachments[i].id == id)
            json_array_append_new(list, of_attachment(&moment->attachments[i]));
    return list;
}

static json_t *of_segment(const struct moment *moment, const struct segment *row)
{
    char key[16], perms[8], owner[64];
    json_t *object = json_object();

    snprintf(key, sizeof key, "0x%08x", (unsigned)row->key);
    snprintf(perms, sizeof perms, "%04o", (unsigned)row->mode & 0777);
    user_name(row->uid, owner, sizeof owner);
    json_object_set_new(object, "key", json_string(key));
    json_object_set_new(object, "id", number(row->id));
    json_object_set_new(object, "owner", json_string(owner));
    json_object_set_new(object, "uid", number(row->uid));
    json_object_set_new(object, "perms", json_string(perms));
    json_object_set_new(object, "bytes", number((long long)row->size));
    json_object_set_new(object, "nattch", number((long long)row->nattch));
    json_object_set_new(object, "dest", json_boolean((row->mode & SHM_DEST) != 0));
    json_object_set_new(object, "locked", json_boolean((row->mode & SHM_LOCKED) != 0));
    json_object_set_new(object, "rss", number((long long)row->rss));
    json_object_set_new(object, "swap", number((long long)row->swap));
    json_object_set_new(object, "creator", number(row->creator));
    json_object_set_new(object, "last", number(row->last));
    json_object_set_new(object, "attached_at", number(row->atime));
    json_object_set_new(object, "detached_at", number(row->dtime));
    json_object_set_new(object, "changed_at", number(row->ctime));
    json_object_set_new(object, "attachments", attachments_of(moment, row->id));
    json_object_set_new(object, "not_seen",
                        number((long long)moment_unseen(moment, row)));
    return object;
}

json_t *json_of_moment(const struct moment *moment)
{
    json_t *segments = json_array();
    for (size_t i = 0; i < moment->table.count; i++)
        json_array_append_new(segments, of_segment(moment, &moment->table.rows[i]));
    return json_pack("{s:i, s:o, s:{s:I, s:I, s:I}, s:b}", "schema", 1, "segments",
                     segments, "processes", "read", (json_int_t)moment->looked,
                     "not_readable", (json_int_t)moment->hidden, "other_ipc_namespaces",
                     (json_int_t)moment->elsewhere, "steady", (int)moment->steady);
}
