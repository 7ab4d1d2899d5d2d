/* SPDX-License-Identifier: MIT */
/* Has something to be told that is told badly with ease; which, its argument says. */
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char *const program[] = {"/bin/true", NULL};

static int end_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static __attribute__((noinline)) int leak(void)
{
	pid_t pid;

	if (open("/etc/passwd", O_RDONLY) < 0 ||
	    posix_spawn(&pid, program[0], NULL, NULL, program, environ))
		return -1;
	return end_of(pid);
}

/* As a C++ compiler names Job::run(). No tail calls: it is to stand in a stack. */
__attribute__((noinline)) int run_job(void) __asm__("_ZN3Job3runEv");

int run_job(void)
{
	volatile int r = leak();

	return r;
}

/* A symbol that stands for more text than a machine has memory: pairs of pairs of pairs */
__attribute__((noinline)) int run_bomb(void) __asm__(
	"_Z1fSt4pairIiiES_IS0_S0_ES_IS1_S1_ES_IS2_S2_ES_IS3_S3_ES_IS4_S4_ES_IS5_S5_ES_IS6"
	"_S6_ES_IS7_S7_ES_IS8_S8_ES_IS9_S9_ES_ISA_SA_ES_ISB_SB_ES_ISC_SC_ES_ISD_SD_ES_ISE"
	"_SE_ES_ISF_SF_ES_ISG_SG_ES_ISH_SH_ES_ISI_SI_ES_ISJ_SJ_ES_ISK_SK_ES_ISL_SL_ES_ISM"
	"_SM_ES_ISN_SN_ES_ISO_SO_ES_ISP_SP_ES_ISQ_SQ_ES_ISR_SR_ES_ISS_SS_ES_IST_ST_ES_ISU"
	"_SU_ES_ISV_SV_ES_ISW_SW_ES_ISX_SX_ES_ISY_SY_ES_ISZ_SZ_ES_IS10_S10_ES_IS11_S11_ES"
	"_IS12_S12_ES_IS13_S13_ES_IS14_S14_ES_IS15_S15_ES_IS16_S16_ES_IS17_S17_ES_IS18_S1"
	"8_ES_IS19_S19_ES_IS1A_S1A_ES_IS1B_S1B_ES_IS1C_S1C_ES_IS1D_S1D_ES_IS1E_S1E_ES_IS1"
	"F_S1F_ES_IS1G_S1G_ES_IS1H_S1H_ES_IS1I_S1I_ES_IS1J_S1J_ES_IS1K_S1K_ES_IS1L_S1L_ES"
	"_IS1M_S1M_ES_IS1N_S1N_E");

int run_bomb(void)
{
	volatile int r = leak();

	return r;
}

static int leak_many(void)
{
	for (int i = 0; i < 39; i++)
		if (open("/etc/passwd", O_RDONLY) < 0)
			return -1;
	return leak();
}

static void *wait_on(void *context)
{
	pause();
	return context;
}

/* What it should not do stands between many calls of no interest. */
static int work_late(void)
{
	pthread_t thread;
	pid_t pid;

	if (pthread_create(&thread, NULL, wait_on, NULL))
		return -1;
	pid = fork();
	if (pid == 0) {
		void *volatile memory;

		for (int i = 0; i < 300; i++)
			syscall(SYS_getppid);
		memory = malloc(1 << 22);
		free(memory);
		for (int i = 0; i < 300; i++)
			syscall(SYS_getppid);
		execv(program[0], program);
		_exit(127);
	}
	return end_of(pid);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*commit)(void);
	} sins[] = {
		{"c++", run_job}, {"c++-without-end", run_bomb}, {"many", leak_many},
		{"late", work_late},
	};

	for (size_t i = 0; argc == 2 && i < sizeof(sins) / sizeof(sins[0]); i++)
		if (strcmp(sins[i].name, argv[1]) == 0)
			return sins[i].commit() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	return 2;
}
