/*
 * heap_stress SECONDS [SEED] - a shadow model knows what is reachable. Threads come and go and
 * do at random whatever memspan.h allows: allocate every kind of object, link and unlink
 * them, keep them in every kind of root, watch, revive, finalize, free, move and hand them
 * over, and collect. Nothing reachable may change or end, nothing dead may stay.
 *
 * The objects of a thread are nodes of families: 16 nodes that lead to each other, so that a
 * word that looks like a pointer keeps no more than these. The model is in malloc memory, with
 * its pointers hidden. A weak reference on each node tells when the heap ended it. What
 * is dead in the model and was kept all the same is counted: a word on a stack may be the
 * reason, and most of it is gone a few collections later.
 *
 * The command is printed first, with its seed: it makes each thread take the same steps again,
 * though not at the same time.
 */
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../libcore/check.h"

enum {
	THREADS = 5,
	FAMILIES = 48,
	NODES = 16,          /* of a family */
	EDGES = 3,           /* of a node */
	POCKETS = 4,         /* roots on the stack, as many in thread-local and static data */
	STEPS_A_LIFE = 6000,
	CHECKS_PATIENCE = 6, /* collections in a row after which a dead node counts as kept */
};

enum kind { SCANNED, PLAIN, TYPED, UNCOLLECTABLE, KINDS };

static const uint64_t MAGIC = 0x6d656d7370616e21;

struct object {
	uint64_t magic, stamp, bytes;
	uint32_t kind, at[EDGES];   /* what an edge adds to its target's start */
	char *edges[EDGES];         /* the rest is a pattern */
};

static const size_t edge_offsets[EDGES] = {
    offsetof(struct object, edges[0]), offsetof(struct object, edges[1]),
    offsetof(struct object, edges[2])};
static const memspan_type object_type = {"object", sizeof(struct object), EDGES, edge_offsets};

/* ---- the model --------------------------------------------------------------- */

enum ending { NOT_YET, FINALIZED, CAME_BACK };

struct node {
	uint64_t stamp;            /* 0: none */
	uintptr_t hidden;          /* the object */
	enum kind kind;
	signed char edges[EDGES];  /* places in the family, or -1 */
	bool finalizable;
	unsigned kept;             /* collections in a row that kept it, though it is dead */
	uint64_t order;            /* when its finalizer ran; written before ending */
	_Atomic int ending;        /* enum ending, by the finalizer */
	char **back;               /* where its finalizer puts it, to come back */
};

/* Registered as roots, and nothing else of the model. */
struct roots {
	char *shelf[FAMILIES][NODES], *back[FAMILIES][NODES];
	memspan_weak *weak[FAMILIES][NODES];
};

struct realm {
	struct node nodes[FAMILIES][NODES];
	struct roots *roots;
	/* By life: where pockets are, and which node is in each. */
	char **pocket[3 * POCKETS];
	struct node *pocket_node[3 * POCKETS];
	uint64_t random;
};

static struct realm *realms[THREADS];
static char *pockets_static[THREADS][POCKETS];
static _Thread_local char *pockets_of_thread[POCKETS];
static _Atomic(struct object *) exchange[THREADS]; /* objects that change hands */
static _Atomic uint64_t stamp_next = 1, order_next = 1;
static _Atomic uint64_t created, died, kept_once, kept_long, finalized, came_back, revived, freed, moved;
static _Atomic unsigned visitors;
static _Atomic bool done;

static unsigned roll(struct realm *realm, unsigned below)
{
	realm->random = realm->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(realm->random >> 33) % below;
}

static struct object *object_of(const struct node *n)
{
	return (struct object *)~n->hidden;
}

static unsigned mask_of_edges(const struct node *n)
{
	unsigned mask = 0;
	for (int i = 0; i < EDGES; i++)
		if (n->edges[i] >= 0)
			mask |= 1u << n->edges[i];
	return mask;
}

static unsigned closure(const struct node *family, unsigned mask)
{
	for (unsigned before = 0; before != mask;) {
		before = mask;
		for (unsigned i = 0; i < NODES; i++)
			if (mask >> i & 1)
				mask |= mask_of_edges(&family[i]);
	}
	return mask;
}

/* In each of these masks a bit stands for a node of the family. */
static unsigned present(const struct node *family)
{
	unsigned mask = 0;
	for (unsigned i = 0; i < NODES; i++)
		mask |= (unsigned)(family[i].stamp != 0) << i;
	return mask;
}

static bool in_a_pocket(const struct realm *realm, const struct node *n)
{
	for (int i = 0; i < 3 * POCKETS; i++)
		if (realm->pocket_node[i] == n)
			return true;
	return false;
}

static unsigned reachable(const struct realm *realm, unsigned f)
{
	const struct node *family = realm->nodes[f];
	unsigned mask = 0;
	for (unsigned i = 0; i < NODES; i++)
		if (family[i].stamp && (realm->roots->shelf[f][i] || family[i].kind == UNCOLLECTABLE ||
		                        family[i].ending == CAME_BACK || in_a_pocket(realm, &family[i])))
			mask |= 1u << i;
	return closure(family, mask);
}

/* What dead nodes lead to whose finalizer has not run. */
static unsigned kept_for_finalizers(const struct node *family, unsigned live)
{
	unsigned mask = 0;
	for (unsigned i = 0; i < NODES; i++)
		if (family[i].stamp && !(live >> i & 1) && family[i].finalizable &&
		    family[i].ending == NOT_YET)
			mask |= mask_of_edges(&family[i]);
	return closure(family, mask);
}

static unsigned leading_to(const struct node *family, unsigned target)
{
	unsigned mask = 0;
	for (unsigned i = 0; i < NODES; i++)
		mask |= (unsigned)(family[i].stamp && mask_of_edges(&family[i]) >> target & 1) << i;
	return mask;
}

/* ---- objects -------------------------------------------------------------------- */

static unsigned char *pattern(const struct object *o)
{
	return (unsigned char *)(o + 1);
}

static void object_paint(struct object *o)
{
	memset(pattern(o), (unsigned char)o->stamp, o->bytes - sizeof *o);
}

static void object_check(const struct object *o)
{
	size_t rest = o->bytes - sizeof *o;
	check(o->magic == MAGIC && o->stamp && o->kind < KINDS);
	check(memspan_usable_size(o) >= o->bytes);
	if (rest) /* all of it: each byte is as the one before */
		check(pattern(o)[0] == (unsigned char)o->stamp &&
		      memcmp(pattern(o), pattern(o) + 1, rest - 1) == 0);
}

static struct object *object_new(struct realm *realm, enum kind kind)
{
	unsigned r = roll(realm, 256);
	size_t bytes = sizeof(struct object);
	if (kind == TYPED)
		bytes *= 1 + r % 6;
	else
		bytes += r < 3 ? roll(realm, 150000) : r < 40 ? roll(realm, 4000) : roll(realm, 200);
	struct object *o = kind == TYPED   ? memspan_alloc_typed(&object_type, bytes / sizeof *o)
	                   : kind == PLAIN ? memspan_alloc_noscan(bytes)
	                   : kind == UNCOLLECTABLE ? memspan_alloc_uncollectable(bytes)
	                   : r % 32 == 5 ? memspan_aligned_alloc(256, bytes)
	                                 : memspan_alloc(bytes);
	check(o && !o->magic && !o->edges[0] && !o->edges[EDGES - 1]);
	if (bytes > sizeof *o)
		check(!pattern(o)[0] && !pattern(o)[bytes - sizeof *o - 1]);
	if (kind == TYPED)
		bytes = sizeof *o; /* a pattern in the other elements would be pointers */
	*o = (struct object){.magic = MAGIC, .stamp = atomic_fetch_add(&stamp_next, 1),
	                     .bytes = bytes, .kind = kind};
	object_paint(o);
	return o;
}

/* Somewhere in it. */
static char *inside(struct realm *realm, struct object *o)
{
	return (char *)o + (roll(realm, 2) ? roll(realm, (unsigned)o->bytes) : 0);
}

/* All that it leads to is whole when it runs. */
static void on_finalizer(void *object, void *arg)
{
	struct object *o = object;
	struct node *n = arg;
	object_check(o);
	check(n->stamp == o->stamp && n->hidden == ~(uintptr_t)o && n->ending == NOT_YET);
	for (int i = 0; i < EDGES; i++)
		if (o->edges[i])
			object_check((struct object *)(o->edges[i] - o->at[i]));
	n->order = atomic_fetch_add(&order_next, 1);
	finalized++;
	if (o->stamp % 4 != 0) {
		n->ending = FINALIZED;
		return;
	}
	*n->back = (char *)o;
	came_back++;
	n->ending = CAME_BACK;
}

/* ---- steps ---------------------------------------------------------------------- */

struct place {
	struct realm *realm;
	struct node *family, *node;
	char **shelf, **back;
	memspan_weak **weak;
	unsigned f, i;
};

static struct place place_at(struct realm *realm, unsigned f, unsigned i)
{
	return (struct place){realm, realm->nodes[f], &realm->nodes[f][i],
	                      &realm->roots->shelf[f][i], &realm->roots->back[f][i],
	                      &realm->roots->weak[f][i], f, i};
}

static void node_begin(struct place *p, struct object *o)
{
	*p->shelf = inside(p->realm, o);
	*p->weak = memspan_weak_make(o);
	check(*p->weak && memspan_weak_get(*p->weak) == o);
	*p->node = (struct node){.stamp = o->stamp, .hidden = ~(uintptr_t)o, .kind = o->kind,
	                         .edges = {-1, -1, -1}, .back = p->back};
}

static void node_forget(struct place *p)
{
	*p->shelf = *p->back = NULL;
	*p->weak = NULL;
	p->node->stamp = 0;
}

/* Its finalizer has brought it back: the weak reference of before has ended, whoever asks. */
static void node_welcome(struct place *p)
{
	struct object *o = (struct object *)*p->back;
	check(o == object_of(p->node) && !memspan_weak_get(*p->weak));
	*p->shelf = inside(p->realm, o);
	*p->back = NULL;
	memspan_weak *former = *p->weak;
	*p->weak = memspan_weak_make(o);
	check(*p->weak && *p->weak != former && memspan_weak_get(*p->weak) == o);
	p->node->finalizable = false;
	p->node->ending = NOT_YET;
}

static void node_check(const struct place *p)
{
	const struct object *o = object_of(p->node);
	check(p->node->ending == NOT_YET);
	object_check(o);
	check(o->stamp == p->node->stamp && o->kind == p->node->kind);
	check(memspan_weak_get(*p->weak) == o);
	for (int i = 0; i < EDGES; i++) {
		int to = p->node->edges[i];
		check(o->edges[i] == (to < 0 ? NULL : (char *)object_of(&p->family[to]) + o->at[i]));
	}
}

/* An edge leads from a finalizable node to an older one only, so that no ring has one. */
static bool may_lead_to(const struct node *family, const struct node *from, const struct node *to)
{
	if (from->kind == PLAIN)
		return false;
	unsigned behind = closure(family, 1u << (to - family));
	bool finalizable = from->finalizable;
	for (unsigned i = 0; i < NODES; i++)
		if (behind >> i & 1)
			finalizable |= family[i].finalizable;
	return !finalizable || !(behind >> (from - family) & 1);
}

static bool on_a_ring(const struct node *family, unsigned i)
{
	return closure(family, mask_of_edges(&family[i])) >> i & 1;
}

static void step_link(struct place *p, unsigned live)
{
	struct node *to = &p->family[roll(p->realm, NODES)];
	struct object *o = object_of(p->node);
	int edge = (int)roll(p->realm, EDGES);
	if (!(live >> (to - p->family) & 1) || !may_lead_to(p->family, p->node, to))
		return;
	o->edges[edge] = inside(p->realm, object_of(to));
	o->at[edge] = (uint32_t)(o->edges[edge] - (char *)object_of(to));
	p->node->edges[edge] = (signed char)(to - p->family);
}

static void unlink_edge(struct place *p, int edge)
{
	p->node->edges[edge] = -1;
	object_of(p->node)->edges[edge] = NULL;
	object_of(p->node)->at[edge] = 0;
}

static void step_pocket(struct place *p)
{
	unsigned pocket = roll(p->realm, 3 * POCKETS);
	p->realm->pocket_node[pocket] = roll(p->realm, 2) ? p->node : NULL;
	*p->realm->pocket[pocket] =
	    p->realm->pocket_node[pocket] ? inside(p->realm, object_of(p->node)) : NULL;
}

static void step_finalizer(struct place *p)
{
	bool wanted = roll(p->realm, 4) != 0;
	if (p->node->kind == UNCOLLECTABLE || (wanted && on_a_ring(p->family, p->i)))
		return;
	check(memspan_set_finalizer(object_of(p->node), wanted ? on_finalizer : NULL, p->node) == 0);
	p->node->finalizable = wanted;
}

/* Nobody else leads to it. */
static bool is_own(const struct place *p)
{
	return !leading_to(p->family, p->i) && !in_a_pocket(p->realm, p->node);
}

static void step_free(struct place *p)
{
	struct object *o = object_of(p->node);
	memspan_weak *weak = *p->weak;
	if (!is_own(p))
		return;
	o->magic = 0;
	memspan_free(o);
	check(!memspan_weak_get(weak));
	node_forget(p);
	freed++;
}

static void step_move(struct place *p)
{
	struct object *o = object_of(p->node);
	if (!is_own(p) || p->node->kind == TYPED)
		return;
	size_t bytes = sizeof *o + roll(p->realm, roll(p->realm, 8) ? 500 : 80000);
	o = memspan_realloc(o, bytes);
	check(o && o->stamp == p->node->stamp);
	moved += o != object_of(p->node);
	*p->shelf = (char *)o;
	o->bytes = bytes;
	object_paint(o);
	p->node->hidden = ~(uintptr_t)o;
	check(memspan_weak_get(*p->weak) == o);
}

/* Hands it over and takes what lay there: to keep or to free, which this thread did not allocate. */
static void step_exchange(struct place *p)
{
	struct object *o = object_of(p->node);
	if (!is_own(p) || p->node->finalizable || mask_of_edges(p->node))
		return;
	o = atomic_exchange(&exchange[roll(p->realm, THREADS)], o);
	node_forget(p);
	if (!o)
		return;
	object_check(o);
	if (roll(p->realm, 2))
		node_begin(p, o);
	else
		memspan_free(o);
}

/* A dead one that the heap has not found dead is whole, and so is all that it leads to. */
static void step_revive(struct place *p)
{
	struct object *o = memspan_weak_get(*p->weak);
	if (!o)
		return;
	check(o == object_of(p->node));
	*p->shelf = (char *)o;
	p->node->kept = 0;
	node_check(p);
	for (unsigned i = 0, all = closure(p->family, 1u << p->i); i < NODES; i++) {
		struct place other = place_at(p->realm, p->f, i);
		if (!(all >> i & 1) || i == p->i)
			continue;
		if (other.node->ending == CAME_BACK) /* linked to after it came */
			node_welcome(&other);
		else
			node_check(&other);
	}
	revived++;
}

/* ---- what has to have ended --------------------------------------------------------- */

/* The heap has ended it: by then nothing may lead to it that has not ended. */
static void node_reap(struct place *p)
{
	for (unsigned i = 0, from = leading_to(p->family, p->i); i < NODES; i++) {
		struct place other = place_at(p->realm, p->f, i);
		if (!(from >> i & 1) || i == p->i)
			continue;
		const struct node *x = other.node;
		check(!memspan_weak_get(*other.weak));
		check(!x->finalizable || x->ending == FINALIZED);
		check(!x->finalizable || !p->node->finalizable || x->order < p->node->order);
		for (int e = 0; e < EDGES; e++)
			if (other.node->edges[e] == (int)p->i)
				other.node->edges[e] = -1;
	}
	node_forget(p);
	died++;
}

/* Dead, with nothing left to wait for. */
static unsigned expected_dead(const struct realm *realm, unsigned f)
{
	const struct node *family = realm->nodes[f];
	unsigned live = reachable(realm, f);
	unsigned dead = present(family) & ~live & ~kept_for_finalizers(family, live);
	for (unsigned i = 0; i < NODES; i++)
		if (family[i].finalizable && family[i].ending == NOT_YET)
			dead &= ~(1u << i);
	return dead;
}

static void reap_or_count(struct place *p)
{
	if (!memspan_weak_get(*p->weak)) {
		node_reap(p);
		return;
	}
	kept_once += p->node->kept == 0;
	kept_long += ++p->node->kept == CHECKS_PATIENCE;
}

/* Collects; what was dead before that has ended, what is alive has not. */
static __attribute__((noinline)) void check_realm(struct realm *realm)
{
	unsigned dead[FAMILIES];
	for (unsigned f = 0; f < FAMILIES; f++)
		dead[f] = expected_dead(realm, f);
	memspan_gc();
	for (unsigned f = 0; f < FAMILIES; f++) {
		unsigned live = reachable(realm, f);
		for (unsigned i = 0; i < NODES; i++) {
			struct place p = place_at(realm, f, i);
			if (p.node->ending == CAME_BACK && p.node->stamp)
				node_welcome(&p);
			else if (live >> i & 1)
				node_check(&p);
			else if (dead[f] >> i & 1)
				reap_or_count(&p);
		}
	}
}

/* ---- lives ---------------------------------------------------------------------------- */

/* A short one: born and gone while others collect. */
static void *visit(void *arg)
{
	char *kept[64] = {NULL};
	for (unsigned i = 0; i < 2000; i++) {
		char *p = memspan_alloc(16 + i % 700);
		p[15] = (char)(i % 64);
		kept[i % 64] = p;
		memset(memspan_alloc_noscan(1 + i % 40), 0xff, 1 + i % 40);
	}
	for (int i = 0; i < 64; i++)
		check(kept[i][15] == i);
	visitors--;
	return arg;
}

static void begin_visit(void)
{
	pthread_t id;
	visitors++;
	check(pthread_create(&id, NULL, visit, NULL) == 0);
	pthread_detach(id);
}

static void step_rare(struct realm *realm)
{
	switch (roll(realm, 8)) {
	case 0:
		memspan_gc();
		break;
	case 1:
		begin_visit();
		break;
	case 2:
		memspan_free_os_memory();
		break;
	case 3:
		memspan_set_gc_percent((int)(10 + roll(realm, 100)));
		break;
	default:
		check_realm(realm);
	}
}

static void step_alive(struct place *p, unsigned live, unsigned r)
{
	node_check(p);
	if (r < 10)
		*p->shelf = NULL;
	else if (r < 24)
		step_link(p, live);
	else if (r < 30)
		unlink_edge(p, (int)roll(p->realm, EDGES));
	else if (r < 36)
		step_pocket(p);
	else if (r < 42)
		step_finalizer(p);
	else if (r < 44 || (r < 54 && p->node->kind == UNCOLLECTABLE))
		step_free(p);
	else if (r < 58)
		step_move(p);
	else if (r < 63)
		step_exchange(p);
}

static void step(struct realm *realm)
{
	struct place p = place_at(realm, roll(realm, FAMILIES), roll(realm, NODES));
	unsigned r = roll(realm, 64);
	if (roll(realm, 400) == 0)
		step_rare(realm);
	unsigned live = reachable(realm, p.f);
	if (p.node->stamp && p.node->ending == CAME_BACK) { /* asked after: it may come meanwhile */
		node_welcome(&p);
	} else if (!p.node->stamp) {
		node_begin(&p, object_new(realm, r < 60 ? r % UNCOLLECTABLE : UNCOLLECTABLE));
		created++;
	} else if (live >> p.i & 1) {
		step_alive(&p, live, r);
	} else if (r < 8) {
		step_revive(&p);
	}
	if (r % 8 == 0)
		memset(memspan_alloc(16 + r * 40), 0xff, 16 + r * 40);
}

/* The roots on its stack and in its thread-local data go with it. */
static void *live(void *arg)
{
	struct realm *realm = arg;
	char *volatile on_stack[POCKETS] = {NULL};
	unsigned self = 0;
	while (realms[self] != realm)
		self++;
	for (int i = 0; i < POCKETS; i++) {
		realm->pocket[i] = (char **)&on_stack[i];
		realm->pocket[POCKETS + i] = &pockets_of_thread[i];
		realm->pocket[2 * POCKETS + i] = &pockets_static[self][i];
	}
	for (int i = 0; i < STEPS_A_LIFE && !done; i++)
		step(realm);
	memset(realm->pocket_node, 0, sizeof realm->pocket_node);
	memset(pockets_static[self], 0, sizeof pockets_static[self]);
	return NULL;
}

static void begin(uint64_t seed)
{
	for (int i = 0; i < THREADS; i++) {
		realms[i] = calloc(1, sizeof *realms[i]);
		realms[i]->roots = calloc(1, sizeof *realms[i]->roots);
		realms[i]->random = seed * 1000003 + (uint64_t)i;
		check(memspan_add_roots(realms[i]->roots, sizeof *realms[i]->roots) == 0);
	}
}

/* Each thread that ends has a successor, until it is time. */
static void live_for(int seconds)
{
	time_t end = time(NULL) + seconds;
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		check(pthread_create(&threads[i], NULL, live, realms[i]) == 0);
	for (int i = 0; time(NULL) < end; i = (i + 1) % THREADS) {
		pthread_join(threads[i], NULL);
		check(pthread_create(&threads[i], NULL, live, realms[i]) == 0);
	}
	done = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* Lets go of all that is alive. */
static void let_go(struct realm *realm, unsigned f)
{
	unsigned live_ones = reachable(realm, f);
	for (unsigned i = 0; i < NODES; i++) {
		struct place p = place_at(realm, f, i);
		*p.shelf = NULL;
		for (int edge = 0; edge < EDGES; edge++)
			if (live_ones >> i & 1)
				unlink_edge(&p, edge);
	}
	for (unsigned i = 0; i < NODES; i++) {
		struct place p = place_at(realm, f, i);
		if (p.node->stamp && p.node->kind == UNCOLLECTABLE)
			step_free(&p); /* once nothing dead leads to it either */
	}
}

/* How many nodes there are in the end. */
static unsigned end_realm(struct realm *realm)
{
	unsigned left = 0;
	for (unsigned f = 0; f < FAMILIES; f++)
		let_go(realm, f);
	check_realm(realm);
	for (unsigned f = 0; f < FAMILIES; f++)
		left += (unsigned)__builtin_popcount(present(realm->nodes[f]));
	return left;
}

static uint64_t objects_alive(void)
{
	memspan_mem_stats s;
	memspan_gc();
	memspan_read_mem_stats(&s);
	return s.heap_objects;
}

static void report(unsigned left, long long more)
{
	printf("%llu nodes: %llu died, %llu freed, %llu moved, %llu finalized, %llu came back, %llu "
	       "revived\ndead and kept by chance: %llu for a while, %llu for long, %u in the end; "
	       "%lld objects more than before\n",
	       (unsigned long long)created, (unsigned long long)died, (unsigned long long)freed,
	       (unsigned long long)moved, (unsigned long long)finalized,
	       (unsigned long long)came_back, (unsigned long long)revived,
	       (unsigned long long)kept_once, (unsigned long long)kept_long, left, more);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? atoi(argv[1]) : 1;
	uint64_t now = (uint64_t)time(NULL) * 100000 + (uint64_t)getpid();
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : now;
	printf("heap_stress %d %llu\n", seconds, (unsigned long long)seed);
	fflush(stdout);
	uint64_t before = objects_alive();
	begin(seed);
	live_for(seconds);
	memset(exchange, 0, sizeof exchange);
	unsigned left = 1;
	for (int i = 0; i < 50 && (left > 0 || visitors > 0); i++) {
		left = 0;
		for (int r = 0; r < THREADS; r++)
			left += end_realm(realms[r]);
		usleep(1000); /* for the finalizers */
	}
	long long more = (long long)(objects_alive() - before);
	report(left, more);
	check(died > 0 && freed > 0 && moved > 0 && finalized > 0 && came_back > 0 && revived > 0);
	check(kept_once <= 100 + died / 50 && kept_long <= NODES + died / 500);
	check(left <= NODES && more <= 2 * (long long)left + 100);
	return 0;
}
