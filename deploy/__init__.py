"""Preparing releases on a workstation; the Ansible role beside it brings them to boards."""
